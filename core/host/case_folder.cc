#include "host/case_folder.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace millrace {
namespace {

namespace fs = std::filesystem;

/// What the host knows of a source; the rest belongs to the plugin that the file takes the place
/// of.
constexpr std::array kSourceKeys = {"schema",   "event_time", "on_mismatch",
                                    "validate", "key",        "on_gap"};

/// `prefix.EXT` or `prefix-NAME.EXT`, also with further dots in EXT. NAME may have one dot:
/// `per_minute.late`.
CaseFile case_file(const fs::path& path, std::string_view prefix) {
  constexpr std::array kPorts = {".late", ".errors", ".gaps"};
  const std::string file = path.filename().string();
  std::string_view rest = std::string_view(file).substr(prefix.size());
  if (rest.starts_with('-')) rest.remove_prefix(1);
  size_t dot = std::min(rest.find('.'), rest.size());
  for (std::string_view port : kPorts) {
    if (rest.substr(dot).starts_with(port)) dot += port.size();
  }
  return {path, std::string(rest.substr(0, dot)), std::string(rest.substr(dot))};
}

CaseFolder case_folder(const fs::path& folder) {
  CaseFolder out{folder, {}, {}};
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("input")) out.inputs.push_back(case_file(entry.path(), "input"));
    if (name.starts_with("expected")) out.expected.push_back(case_file(entry.path(), "expected"));
  }
  const auto by_path = [](const CaseFile& a, const CaseFile& b) { return a.path < b.path; };
  std::sort(out.inputs.begin(), out.inputs.end(), by_path);
  std::sort(out.expected.begin(), out.expected.end(), by_path);
  return out;
}

bool is_text(const JsonValue& object, std::string_view key, std::string_view text) {
  const JsonValue* value = object.find(key);
  return value && value->is_string() && value->as_string() == text;
}

/// The path of a `file` plugin's object that stays below the folder in which the case runs; else
/// empty.
fs::path own_path(const JsonValue& part) {
  const JsonValue* path = part.find("path");
  if (!is_text(part, "plugin", "file") || !path || !path->is_string()) return {};
  const fs::path own = fs::path(path->as_string()).lexically_normal();
  return own.is_absolute() || own.string().starts_with("..") ? fs::path() : own;
}

/// Writes into the tree at a place where the user wrote `like`, so that faults point there.
void set_text(JsonValue& object, std::string_view key, const std::string& text,
              const JsonValue& like) {
  JsonValue value = JsonValue::string(text);
  value.set_position(like.position());
  object.set(key, std::move(value));
}

class CaseConnector {
 public:
  CaseConnector(const CaseFolder& test, ConfigDocument& document, Faults& faults)
      : test_(test), document_(document), faults_(faults) {}

  std::vector<CaseOutput> connect() {
    for (const char* elsewhere : {"cache", "metrics", "commit", "dead_letters"})
      document_.root.remove(elsewhere);
    if (JsonValue* sources = part("sources")) {
      for (JsonValue::Member& source : sources->members())
        feed(source, sources->members().size() == 1);
    }
    catch_outputs();
    return std::move(outputs_);
  }

 private:
  JsonValue* part(std::string_view key) {
    JsonValue* found = document_.root.find(key);
    return found && found->is_object() ? found : nullptr;
  }

  void feed(JsonValue::Member& source, bool only) {
    if (!source.value.is_object()) return;
    const auto input = std::find_if(test_.inputs.begin(), test_.inputs.end(),
                                    [&](const CaseFile& file) { return file.name == source.key; });
    if (input != test_.inputs.end()) return replace(source.value, *input);
    if (names_input(source.value)) return;
    if (only && test_.inputs.size() == 1) return replace(source.value, test_.inputs.front());
    if (is_text(source.value, "plugin", "file")) return;  // It says itself what it misses.
    faults_.add(document_.where_key(pointer_child("/sources", source.key)),
                "no file of the case feeds this source", "write input-" + source.key + ".jsonl");
  }

  /// A source `file` that reads a file of the case already, or several.
  bool names_input(const JsonValue& source) const {
    if (!is_text(source, "plugin", "file")) return false;
    const JsonValue* path = source.find("path");
    if (!path || !path->is_string()) return true;
    const std::string& text = path->as_string();
    return text.find_first_of("*?[") != std::string::npos ||
           std::any_of(test_.inputs.begin(), test_.inputs.end(),
                       [&](const CaseFile& file) { return file.path.filename() == text; });
  }

  /// Of a source `file` everything else stays: how its records are read is part of the case.
  void replace(JsonValue& source, const CaseFile& input) {
    if (is_text(source, "plugin", "file"))
      return set_text(source, "path", input.path.filename().string(), source);
    JsonValue out = JsonValue::object();
    out.set_position(source.position());
    for (const char* key : kSourceKeys) {
      if (const JsonValue::Member* member = source.find_member(key))
        out.members().push_back(*member);
    }
    set_text(out, "plugin", "file", source);
    set_text(out, "path", input.path.filename().string(), source);
    source = std::move(out);
  }

  void catch_outputs() {
    JsonValue* sinks = part("sinks");
    if (!sinks) return;
    if (test_.expected.empty()) {
      faults_.add(document_.where("/sinks"), "nothing is expected: the case has no expected* file");
      return;
    }
    JsonValue caught = JsonValue::object();
    caught.set_position(sinks->position());
    for (const CaseFile& expected : test_.expected) {
      const JsonValue::Member* sink = sink_of(*sinks, expected);
      if (sink) {
        caught.members().push_back({sink->key, catch_sink(*sink, expected), sink->key_position});
      } else {
        JsonValue added = JsonValue::object();
        set_text(added, "from", expected.name, *sinks);
        caught.set("expected_" + std::to_string(caught.members().size()),
                   write_to(std::move(added), expected, *sinks));
      }
    }
    *sinks = std::move(caught);
  }

  const JsonValue::Member* sink_of(const JsonValue& sinks, const CaseFile& expected) {
    if (!expected.name.empty()) return sinks.find_member(expected.name);
    return sinks.members().size() == 1 ? &sinks.members().front() : nullptr;
  }

  JsonValue catch_sink(const JsonValue::Member& sink, const CaseFile& expected) {
    const fs::path own = own_path(sink.value);
    if (!own.empty()) {
      outputs_.push_back({expected, own});
      return sink.value;
    }
    JsonValue out = JsonValue::object();
    out.set_position(sink.value.position());
    for (const char* key : {"from", "key", "context"}) {
      if (const JsonValue::Member* member = sink.value.find_member(key))
        out.members().push_back(*member);
    }
    return write_to(std::move(out), expected, sink.value);
  }

  JsonValue write_to(JsonValue sink, const CaseFile& expected, const JsonValue& like) {
    const fs::path file =
        fs::path("out") / (expected.name + (expected.is_csv() ? ".csv" : ".jsonl"));
    set_text(sink, "plugin", "file", like);
    set_text(sink, "path", file.string(), like);
    set_text(sink, "format", expected.is_csv() ? "csv" : "ndjson", like);
    outputs_.push_back({expected, file});
    return sink;
  }

  const CaseFolder& test_;
  ConfigDocument& document_;
  Faults& faults_;
  std::vector<CaseOutput> outputs_;
};

}  // namespace

std::vector<CaseFolder> find_cases(const fs::path& path) {
  std::error_code none;
  if (fs::exists(path / "pipeline.json", none)) return {case_folder(path)};
  std::vector<CaseFolder> out;
  for (const auto& entry : fs::directory_iterator(path, none)) {
    if (fs::exists(entry.path() / "pipeline.json", none)) out.push_back(case_folder(entry.path()));
  }
  std::sort(out.begin(), out.end(),
            [](const CaseFolder& a, const CaseFolder& b) { return a.folder < b.folder; });
  return out;
}

std::vector<CaseOutput> connect_case(const CaseFolder& test, ConfigDocument& document,
                                     Faults& faults) {
  return CaseConnector(test, document, faults).connect();
}

}  // namespace millrace
