// Keys of an operator that mean nothing where they stand, and rows that it cannot read.
#include "plan/planner.h"

namespace millrace {

using Mode = EmitConfig::Mode;

/// An operator is of one kind: what makes it another one would be ignored in silence.
bool Planner::refuse_second_kind(const OperatorConfig& op) {
  const std::string own = op.join ? "join" : op.dedupe ? "dedupe" : op.table ? "table" : "";
  if (own.empty()) return false;
  bool refused = false;
  for (const std::string key : {"explode", "group_by", "window", "having", "dedupe", "table"}) {
    const bool fits = key == own || (key == "explode" && own != "join");
    const Where* where = fits ? nullptr : find_written(op.written, key);
    if (!where) continue;
    faults_.add(*where, "\"" + key + "\" cannot stand beside \"" + own + "\"",
                "put it on an operator in front of this one or behind it");
    refused = true;
  }
  return refused;
}

/// Keys that speak of results over many records; true if this operator has none and was refused.
bool Planner::refuse_result_keys(const OperatorConfig& op) {
  const bool other = op.join || op.dedupe || op.table || !op.plugin.empty();
  if (!other && is_grouped(op)) return false;
  bool refused = false;
  const auto refuse = [&](const Where& where, const std::string& what) {
    faults_.add(
        where,
        other
            ? what + " is not in this version of Millrace on an operator of this kind"
            : what +
                  " is about results over many records, and this operator passes each on by itself",
        other ? "use it on an operator behind this one" : "give it aggregates in \"select\"");
    refused = true;
  };
  for (const char* key : {"order_by", "limit", "limit_by", "complete_max_rows"}) {
    if (const Where* where = find_written(op.written, key))
      refuse(*where, "\"" + std::string(key) + "\"");
  }
  if (op.emit && op.emit->mode != Mode::kAppend) refuse(op.emit->where, "this output mode");
  return refused;
}

/// E17: what only streams can be read by. Config has told it where the keys alone say so.
bool Planner::refuse_table(const OperatorConfig& op, const std::vector<Input>& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = inputs[i].node->shape(inputs[i].port);
    if (!shape.is_table || inputs[i].port != Port::kMain) continue;
    const std::string name = "\"" + inputs[i].node->name() + "\"";
    const auto refuse = [&](const std::string& what, const std::string& remedy) {
      faults_.add(op.from[i].as_written.where, what, remedy);
      return true;
    };
    const std::string append = "let " + name + " emit \"append\"";
    if (shape.frame) {
      return refuse(name + " emits whole results in frames, which only sinks can read",
                    "let it emit \"update\" or \"append\"");
    }
    const char* reader = op.window                          ? "a window"
                         : op.join && !op.join->of_tables() ? "a stream join"
                         : op.dedupe                        ? "dedupe"
                                                            : nullptr;
    if (!op.plugin.empty()) reader = "a plugin";
    if (reader)
      return refuse("rows of " + name + " replace earlier ones, which " + reader + " cannot read",
                    append);
    if (inputs.size() > 1) {
      return refuse(
          "rows of " + name +
              " replace earlier ones of their key, which rows of another input may have too",
          append + ", or read the inputs one by one");
    }
    if (op.event_time) {
      return refuse("rows of " + name +
                        " replace earlier ones in the order they come, which has no new event time",
                    "set it in front of " + name);
    }
    if (op.explode) {
      return refuse(
          "rows of " + name +
              " replace earlier ones by their key, and \"explode\" would make several of one",
          "explode in front of it");
    }
  }
  return false;
}

/// What has no watermark to judge by, or nothing to be late for, would ignore these in silence.
bool Planner::refuse_lateness(const OperatorConfig& op, const std::vector<Input>& inputs) {
  const bool of_table = inputs[0].port == Port::kMain && inputs[0].node->shape().is_table;
  const bool grouped = is_grouped(op) && !op.table && !of_table;
  const bool judges = (op.join && !op.join->of_tables()) || op.dedupe || (grouped && op.window);
  bool refused = false;
  const auto refuse = [&](const char* key, const std::string& why, const std::string& remedy) {
    const Where* where = find_written(op.written, key);
    if (!where) return;
    faults_.add(*where, "\"" + std::string(key) + "\" has no meaning here: " + why, remedy);
    refused = true;
  };
  for (const char* key : {"allowed_lateness", "late"}) {
    if (!judges) {
      refuse(key,
             op.table || of_table ? "rows of a table count in the order they come"
             : grouped            ? "without a window every record counts, however late"
                                  : "this operator passes each record on, however late",
             "set it on the operator with the window, the join or \"dedupe\"");
    } else if (op.join && op.join->as_of == JoinConfig::AsOf::kLatest) {
      refuse(key, "\"latest\" takes each record as it comes", "leave it out");
    }
  }
  if (op.join && op.join->as_of == JoinConfig::AsOf::kEventTime)
    refuse("allowed_lateness", "how long the table's versions are kept says what is late",
           "set \"keep\" of the join");
  return refused;
}

}  // namespace millrace
