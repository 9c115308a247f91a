// list_plugins FOLDER: what the host finds there, and how many records each source gives with its
// default configuration. Also the inspecting child of itself.

#include <cstdio>
#include <cstring>

#include "plugin/index.h"

using namespace millrace;

namespace {

int fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

Result<uint32_t> records_of(const Component& component) {
  auto source = SourceInstance::create(component, {"test", "it"}, "{}");
  if (!source) return source.error();
  MILLRACE_TRY((*source)->open({}, 0, MR_OPEN_FRESH));
  BatchBuilder out;
  std::vector<SourceInstance::PartitionEvent> events;
  for (int i = 0; i < 1000; ++i) {
    auto flow = (*source)->poll(3, 1 << 20, 0, nullptr, out, events);
    if (!flow) return flow.error();
    if (*flow == Flow::kEnd) break;
  }
  return out.records();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "inspect-file") == 0) return inspect_file_main(argv[2]);
  if (argc != 2) return fail("usage: list_plugins FOLDER");
  auto index = PluginIndex::scan({argv[1]}, "/proc/self/exe");
  if (!index) return fail(index.error().message);
  for (const RefusedFile& file : index->refused()) return fail(file.file + ": " + file.reason);
  for (const ComponentInfo& info : index->components()) {
    auto component = index->load(info);
    if (!component) return fail(component.error().message);
    std::printf("%s %s %s", std::string(kind_name(info.kind)).c_str(), info.id.c_str(),
                info.version.c_str());
    if (info.kind == Kind::kSource) {
      auto records = records_of(*component);
      if (!records) return fail(records.error().message);
      std::printf(" %u records", *records);
    }
    std::printf("\n");
  }
  return 0;
}
