// What services send, read by their plugins: any bytes at all are read or refused.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/json/pointer.h"
#include "common/json/record_fields.h"
#include "source_blockchain/explorer.h"
#include "source_darksky/missing.h"
#include "source_meetup/personal.h"
#include "source_meetup/tracked.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string null = darksky::missing_as_null(text);
  if (darksky::missing_as_null(null) != null || null.size() > text.size()) std::abort();
  const std::string hashed = meetup::without_people(text);
  if (meetup::without_people(hashed).size() > hashed.size() + 40) std::abort();
  meetup::Tracked tracked(100);
  tracked.restore(text);
  meetup::Tracked again(100);
  again.restore(tracked.snapshot());
  if (again.size() != tracked.size()) std::abort();
  if (const auto block = blockchain::read_block(text)) {
    if (!json::at_pointer(block->value, "/x/hash")) std::abort();
  }
  json::RecordFields fields("event.event_id", {"a", "b"}, {"x.hash"});
  if (fields.read(text)) {
    fields.key();
    fields.identity();
  }
  json::at_pointer(text, "/data/0/x~1y");
  return 0;
}
