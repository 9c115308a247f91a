#include "columns/json_decode.h"

namespace millrace {

std::vector<std::string> split_path(std::string_view dotted) {
  std::vector<std::string> steps;
  while (true) {
    const size_t dot = dotted.find('.');
    steps.emplace_back(dotted.substr(0, dot));
    if (dot == std::string_view::npos) return steps;
    dotted.remove_prefix(dot + 1);
  }
}

std::unique_ptr<JsonDecoder> make_json_decoder(std::vector<WantedField> wanted) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
      __builtin_cpu_supports("fma") && __builtin_cpu_supports("pclmul")) {
    return make_json_decoder_v3(std::move(wanted));
  }
#endif
  return make_json_decoder_baseline(std::move(wanted));
}

}  // namespace millrace
