#include "source_meetup/personal.h"

#include "common/json/json_pick.h"
#include "common/text/stable_hash.h"

namespace millrace::meetup {
namespace {

std::string hashed_member(std::string_view member) {
  json::JsonReader reader;
  std::vector<std::string_view> found;
  if (!json::JsonPick({"member_id", "id"}).pick(reader, member, found)) return "null";
  const std::string_view raw = !found[0].empty() ? found[0] : found[1];
  if (raw.empty() || json::is_null(raw)) return "{\"member_id\":null}";
  std::string id;
  if (!reader.text(raw, id)) id = raw;
  // 53 bits, so that every reader of JSON has the whole number.
  return "{\"member_id\":" + std::to_string(text::stable_hash("meetup member " + id) >> 11) + "}";
}

}  // namespace

std::string without_people(std::string_view json) {
  json::JsonReader reader;
  std::vector<std::string_view> found;
  if (!json::JsonPick({"member", "rsvp.member"}).pick(reader, json, found))
    return std::string(json);
  std::string out(json);
  for (const std::string_view member : found) {
    if (!member.data() || json::is_null(member)) continue;
    const auto at = static_cast<size_t>(member.data() - json.data());
    return std::string(json.substr(0, at)) + hashed_member(member) +
           std::string(json.substr(at + member.size()));
  }
  return out;
}

}  // namespace millrace::meetup
