#include "source_sse/position.h"

#include "common/json/json_reader.h"

namespace millrace::sse_source {

bool Position::restore(std::string_view state) {
  std::optional<int64_t> version;
  json::JsonReader texts;
  const bool whole =
      json::JsonReader().members(state, [&](std::string_view key, std::string_view raw) {
        if (key == "v") version = json::integer_of(raw);
        if (key == "seq") seq = static_cast<uint64_t>(json::integer_of(raw).value_or(0));
        if (key == "seen_us") seen_us = json::integer_of(raw).value_or(0);
        if (key == "id") texts.text(raw, id);
      });
  return whole && version == 1;
}

std::string Position::snapshot() const {
  return "{\"v\":1,\"seq\":" + std::to_string(seq) + ",\"seen_us\":" + std::to_string(seen_us) +
         ",\"id\":" + json::quoted(id) + "}";
}

}  // namespace millrace::sse_source
