#include "saved.h"

#include <cstdlib>

#include "common/json/json_reader.h"

namespace millrace::file_sink {
namespace {

constexpr int64_t kVersion = 1;

/// Lets `take` read the document.
template <class T, class Take>
std::optional<T> read_state(const context& ctx, std::string_view state, Take&& take) {
  if (!state.data() || state.empty()) return std::nullopt;
  try {
    const config json(ctx, state);
    if (json.i64("v") == kVersion) return take(json);
  } catch (const config_error& broken) {
    throw fatal(std::string("the stored state is damaged: ") + broken.what());
  }
  throw fatal("the stored state was written by another version; start again with --fresh");
}

uint64_t number(const config& json, std::string_view key) {
  return static_cast<uint64_t>(json.i64(key, 0));
}

Part part_of(const config& json) { return {json.str("name", ""), number(json, "length")}; }

std::string json_of(const Part& part) {
  return "{\"name\":" + json::quoted(part.name) + ",\"length\":" + std::to_string(part.length) +
         "}";
}

}  // namespace

/// The inode is a text, because JSON numbers of 64 bits do not survive every reader.
std::string SavedFile::json() const {
  return "{\"v\":" + std::to_string(kVersion) + ",\"path\":" + json::quoted(path) +
         ",\"inode\":\"" + std::to_string(inode) + "\",\"base\":" + std::to_string(base) +
         ",\"length\":" + std::to_string(length) + "}";
}

std::optional<SavedFile> SavedFile::read(const context& ctx, std::string_view state) {
  return read_state<SavedFile>(ctx, state, [](const config& json) {
    return SavedFile{json.str("path", ""),
                     std::strtoull(json.str("inode", "0").c_str(), nullptr, 10),
                     number(json, "base"), number(json, "length")};
  });
}

std::string SavedParts::json() const {
  std::string text = "{\"v\":" + std::to_string(kVersion) + ",\"base\":" + std::to_string(base) +
                     ",\"number\":" + std::to_string(number) + ",\"open\":" + json_of(open) +
                     ",\"finished\":[";
  for (std::size_t i = 0; i < finished.size(); ++i) {
    text += (i > 0 ? "," : "") + json_of(finished[i]);
  }
  return text + "]}";
}

std::optional<SavedParts> SavedParts::read(const context& ctx, std::string_view state) {
  return read_state<SavedParts>(ctx, state, [](const config& json) {
    SavedParts saved{.base = file_sink::number(json, "base"),
                     .number = file_sink::number(json, "number"),
                     .open = {},
                     .finished = {}};
    if (json.has("open")) saved.open = part_of(json.part("open"));
    for (const config& part : json.list("finished")) saved.finished.push_back(part_of(part));
    return saved;
  });
}

}  // namespace millrace::file_sink
