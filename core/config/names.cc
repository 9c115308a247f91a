#include <algorithm>

#include "config/graph.h"

namespace millrace {
namespace {

constexpr size_t kListedNamesMax = 12;
/// It becomes a directory and the beginning of topic names.
constexpr size_t kPipelineNameMax = 200;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name(const std::string& text) {
  return !text.empty() && is_letter(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '-';
  });
}

bool is_pipeline_name(const std::string& text) {
  if (text.empty() || text.size() > kPipelineNameMax) return false;
  if (!is_letter(text[0]) && !is_digit(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.'; });
}

void check_name(const Text& name, Faults& faults) {
  if (is_name(name.text)) return;
  faults.add(name.where, "\"" + name.text + "\" is not a name",
             "letters, digits, _ and -, beginning with a letter or _");
}

void check_names(const PipelineConfig& config, Faults& faults) {
  // A text that could not be put together has its fault already.
  const bool whole = !faults.any_below(config.name.where.pointer);
  if (config.name.where.pointer == "/pipeline" && whole && !is_pipeline_name(config.name.text)) {
    faults.add(config.name.where, "not a name for a pipeline",
               "up to 200 letters, digits, _, - and ., beginning with a letter, a digit or _");
  }
  for (const SourceConfig& source : config.sources) check_name(source.name, faults);
  for (const SinkConfig& sink : config.sinks) check_name(sink.name, faults);
  for (const OperatorConfig& entry : config.operators) {
    check_name(entry.name, faults);
    if (entry.join) {
      for (const Text* alias : {&entry.join->from_as, &entry.join->with_as})
        if (!alias->empty()) check_name(*alias, faults);
    }
    const SourceConfig* source = config.find_source(entry.name.text);
    if (source == nullptr) continue;
    const uint32_t line = source->name.where.line;
    faults.add(entry.name.where,
               "\"" + entry.name.text + "\" is a source already" +
                   (line > 0 ? " (line " + std::to_string(line) + ")" : ""),
               "names of sources and operators share one space");
  }
}

/// Everything that `from` may say.
std::vector<std::string> readable_names(const PipelineConfig& config) {
  std::vector<std::string> out;
  for (const SourceConfig& source : config.sources) out.push_back(source.name.text);
  for (const OperatorConfig& entry : config.operators) out.push_back(entry.name.text);
  for (const SourceConfig& source : config.sources) {
    for (const char* side : {".errors", ".gaps"}) out.push_back(source.name.text + side);
  }
  for (const OperatorConfig& entry : config.operators) {
    for (const char* side : {".errors", ".late"}) out.push_back(entry.name.text + side);
  }
  return out;
}

std::string unknown_input_hint(const InputRef& input, const PipelineConfig& config) {
  for (const SinkConfig& sink : config.sinks) {
    if (sink.name.text == input.name) return "it is a sink, and sinks have no output";
  }
  const std::vector<std::string> names = readable_names(config);
  std::string hint = spelling_hint(input.as_written.text, names);
  if (!hint.empty()) return hint;
  const size_t own = config.sources.size() + config.operators.size();
  if (own == 0 || own > kListedNamesMax) return "";
  for (size_t i = 0; i < own; ++i) {
    const auto end = names.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(names.begin(), end, names[i]) != end) continue;  // Source and operator at once.
    hint += (i > 0 ? ", " : "there are ") + names[i];
  }
  return hint;
}

class Inputs {
 public:
  Inputs(const PipelineConfig& config, Faults& faults) : config_(config), faults_(faults) {}

  /// False after a fault.
  bool check(const InputRef& input) {
    const Where& where = input.as_written.where;
    const std::string& name = input.name;
    if (config_.find_source(name) != nullptr) {
      if (input.side != SideOutput::kLate) return true;
      faults_.add(where, "the source \"" + name + "\" has no late records",
                  "it has " + name + ".errors and " + name + ".gaps; operators have .late");
    } else if (config_.find_operator(name) != nullptr) {
      if (input.side != SideOutput::kGaps) return true;
      faults_.add(where, "the operator \"" + name + "\" has no gaps",
                  "it has " + name + ".errors and " + name + ".late; sources have .gaps");
    } else {
      faults_.add(where, "\"" + input.as_written.text + "\" is neither a source nor an operator",
                  unknown_input_hint(input, config_));
    }
    return false;
  }

  void check_all(std::vector<InputRef>& inputs) {
    std::erase_if(inputs, [&](const InputRef& input) { return !check(input); });
  }

 private:
  const PipelineConfig& config_;
  Faults& faults_;
};

}  // namespace

void check_names_and_inputs(PipelineConfig& config, Faults& faults) {
  check_names(config, faults);
  Inputs inputs(config, faults);
  for (OperatorConfig& entry : config.operators) {
    inputs.check_all(entry.from);
    if (!entry.join || entry.join->with.name.empty()) continue;
    if (!inputs.check(entry.join->with)) entry.join->with = {};
  }
  for (SinkConfig& sink : config.sinks) inputs.check_all(sink.from);
}

}  // namespace millrace
