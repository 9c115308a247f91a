// Header fields that servers write: whatever they hold, what is made of them is within its bounds.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/http/link_header.h"
#include "common/http/retry_after.h"
#include "common/http/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::http;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t cut = all.find('\n');
  const std::string_view value = all.substr(0, cut);
  const std::string_view other = cut == all.npos ? std::string_view() : all.substr(cut + 1);
  const Micros longest = std::chrono::hours(1);
  const auto wait = parse_retry_after(value, other, std::chrono::seconds(1'760'000'000), longest);
  if (wait && (wait->wait.count() < 0 || wait->wait > longest)) std::abort();
  const auto link = find_link(value, "next");
  if (link && value.find('<' + *link + '>') == value.npos) std::abort();
  const std::string url(value);
  if (const auto parts = parse_url(url)) {
    if (parts->printable().find_first_of("?#") != std::string::npos) std::abort();
    const auto longer = parse_url(with_query(url, "a", other));
    if (!longer || longer->origin() != parts->origin()) std::abort();
  }
  if (form_encoded(value).find_first_of(" &=+#") != std::string::npos) std::abort();
  return 0;
}
