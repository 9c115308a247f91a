// Any text as a configuration: faults or a pipeline, never a crash.
#include <cstddef>
#include <cstdint>

#include "config/load.h"

namespace {

/// A source and a sink with one key each, so that plugin schemas are walked too.
class TwoPlugins final : public millrace::PluginSchemas {
 public:
  const millrace::PluginSchema* find(std::string_view kind, std::string_view name) const override {
    if (name != "file") return nullptr;
    return kind == "source" ? &source_ : kind == "sink" ? &sink_ : nullptr;
  }
  std::vector<std::string> names(std::string_view) const override { return {"file"}; }

 private:
  static constexpr const char* kSchema =
      R"({"type":"object","required":["path"],"properties":{"path":{"type":"string","description":"x"}}})";
  millrace::PluginSchema source_{"source", "file", "org.x.file", kSchema};
  millrace::PluginSchema sink_{"sink", "file", "org.x.file", kSchema};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TwoPlugins plugins;
  millrace::Faults faults("fuzz.json");
  const auto loaded = millrace::load_config_text({reinterpret_cast<const char*>(data), size},
                                                 "fuzz.json", {}, plugins, faults);
  if (!loaded && faults.empty()) __builtin_trap();
  (void)faults.text();
  return 0;
}
