// The system's zone files: found, read, and turned into tables (RFC 9636).
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>

#include "base/spelling.h"
#include "base/zone_table.h"

namespace millrace {
namespace {

/// Where C libraries look, too.
std::filesystem::path database() {
  const char* folder = std::getenv("TZDIR");
  return folder && *folder ? folder : "/usr/share/zoneinfo";
}

bool is_zone_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  return !name.empty() && name[0] != '/' && std::all_of(name.begin(), name.end(), good);
}

/// Names of the database, for a hint only; the copies below `posix` and `right` are left out.
std::vector<std::string> zone_names() {
  std::vector<std::string> names;
  std::error_code failure;
  auto entry = std::filesystem::recursive_directory_iterator(database(), failure);
  for (const auto end = std::filesystem::end(entry); !failure && entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().lexically_relative(database()).string();
    if (name == "posix" || name == "right") {
      entry.disable_recursion_pending();
    } else if (is_zone_name(name) && entry->is_regular_file(failure)) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Big-endian integers out of bytes whose size was checked before.
class TzifReader {
 public:
  explicit TzifReader(std::string_view bytes) : left_(bytes) {}
  size_t size() const { return left_.size(); }
  std::string_view take(size_t count) {
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(taken.size());
    return taken;
  }
  int64_t integer(size_t width) {
    uint64_t value = 0;
    for (const char byte : take(width)) value = value << 8 | static_cast<unsigned char>(byte);
    const unsigned unused = static_cast<unsigned>(64 - width * 8);
    return static_cast<int64_t>(value << unused) >> unused;
  }

 private:
  std::string_view left_;
};

struct TzifHeader {
  static constexpr size_t kBytes = 44;
  char version = '\0';
  size_t utc_marks = 0, standard_marks = 0, leaps = 0, times = 0, types = 0, chars = 0;

  bool read(TzifReader& in) {
    if (in.size() < kBytes || in.take(4) != "TZif") return false;
    version = in.take(1)[0];
    (void)in.take(15);
    for (size_t* count : {&utc_marks, &standard_marks, &leaps, &times, &types, &chars}) {
      constexpr int64_t kCountMax = 1 << 20;
      const int64_t value = in.integer(4);
      if (value < 0 || value > kCountMax) return false;
      *count = static_cast<size_t>(value);
    }
    return types > 0;
  }
  /// Of the data behind the header; times of 4 or 8 bytes.
  size_t data_bytes(size_t time_bytes) const {
    return times * (time_bytes + 1) + types * 6 + chars + leaps * (time_bytes + 4) +
           standard_marks + utc_marks;
  }
};

/// No zone was ever further from UTC; what follows relies on it.
bool is_offset(int64_t offset_us) { return offset_us > -kDayUs && offset_us < kDayUs; }

/// What a zone's table is made of.
struct TzifData {
  struct Change {
    EventTime begin;
    size_t type;
  };
  std::vector<Change> changes;
  std::vector<int64_t> offsets_us;  ///< By type; the first holds before all changes.
  ZoneRule rule;
  bool has_rule = false;

  bool read(std::string_view bytes) {
    TzifReader in(bytes);
    TzifHeader old, header;
    if (!old.read(in) || old.version < '2' || in.size() < old.data_bytes(4)) return false;
    (void)in.take(old.data_bytes(4));
    if (!header.read(in) || in.size() < header.data_bytes(8) || header.leaps > 0) return false;
    return read_changes(in, header) && read_rule(in.take(in.size()));
  }

 private:
  bool read_changes(TzifReader& in, const TzifHeader& header) {
    constexpr int64_t kSecondsMax = int64_t{1} << 38;  // The year 10680.
    int64_t before = std::numeric_limits<int64_t>::min();
    for (size_t i = 0; i < header.times; ++i) {
      const int64_t time = in.integer(8);
      if (time <= before || time > kSecondsMax) return false;
      // "Since ever" is written as some time before the Big Bang.
      changes.push_back({time < -kSecondsMax ? kTimeNone + 1 : time * kSecondUs, 0});
      before = time;
    }
    for (Change& change : changes) {
      change.type = static_cast<size_t>(in.integer(1) & 0xff);
      if (change.type >= header.types) return false;
    }
    for (size_t i = 0; i < header.types; ++i) {
      offsets_us.push_back(in.integer(4) * kSecondUs);
      (void)in.take(2);  // Summer or not, and its name: only the offset counts.
      if (!is_offset(offsets_us.back())) return false;
    }
    (void)in.take(header.chars + header.standard_marks + header.utc_marks);
    return true;
  }

  /// Between two line ends; nothing between them: no rule is known.
  bool read_rule(std::string_view text) {
    if (text.size() < 2 || text.front() != '\n' || text.back() != '\n') return false;
    has_rule = text.size() > 2;
    if (!has_rule) return true;
    return ZoneRule::parse(text.substr(1, text.size() - 2), rule) && is_offset(rule.standard_us) &&
           is_offset(rule.summer_us);
  }
};

}  // namespace

Result<std::shared_ptr<const Zone>> Zone::parse(std::string name, std::string_view tzif) {
  TzifData data;
  if (!data.read(tzif)) {
    return Error{Code::kCorrupt, "the file of the time zone " + name + " below " +
                                     database().string() +
                                     " is damaged; install the package tzdata again"};
  }
  ZoneBuilder builder(std::move(name));
  builder.add(kTimeNone, data.offsets_us[0]);
  for (const TzifData::Change& change : data.changes) {
    builder.add(change.begin, data.offsets_us[change.type]);
  }
  if (data.has_rule) builder.continue_with(data.rule);
  return builder.take();
}

Result<std::shared_ptr<const Zone>> Zone::find(std::string_view name) {
  if (name == "UTC") {
    ZoneBuilder builder("UTC");
    builder.add(kTimeNone, 0);
    return builder.take();
  }
  std::string text(name);
  std::error_code failure;
  const std::filesystem::path path = database() / text;
  if (!is_zone_name(name) || !std::filesystem::is_regular_file(path, failure)) {
    const auto names = zone_names();
    const auto near = nearest_name(text, names);
    return Error{Code::kInvalidConfig,
                 "there is no time zone \"" + text + "\"" +
                     (names.empty() ? "; the package tzdata is not installed"
                      : near        ? "; did you mean \"" + *near + "\"?"
                                    : "; names are those of IANA, e.g. Europe/Berlin")};
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  return parse(std::move(text), bytes);
}

std::string tzdata_version() {
  // Debian names it in the first line of the text form: "# version 2025b".
  std::ifstream file(database() / "tzdata.zi");
  std::string line;
  constexpr std::string_view kPrefix = "# version ";
  if (std::getline(file, line) && line.starts_with(kPrefix)) return line.substr(kPrefix.size());
  std::ifstream plain(database() / "+VERSION");
  if (std::getline(plain, line) && !line.empty()) return line;
  return "unknown";
}

}  // namespace millrace
