#include "config/graph.h"

namespace millrace {
namespace {

/// Rows of a table come from `table`, from changing results (E17), and through what keeps no state.
bool makes_table(const OperatorConfig& maker) {
  if (maker.table) return true;
  if (maker.emit) return maker.emit->mode != EmitConfig::Mode::kAppend;
  return maker.group_by && !maker.window;
}

std::string cycle_text(const std::vector<const OperatorConfig*>& path, size_t start) {
  std::string out;
  for (size_t i = start; i < path.size(); ++i) out += path[i]->name.text + " -> ";
  return out + path[start]->name.text;
}

}  // namespace

std::vector<const InputRef*> ConfigGraph::inputs_of(const OperatorConfig& reader) {
  std::vector<const InputRef*> out;
  for (const InputRef& input : reader.from) out.push_back(&input);
  if (reader.join && !reader.join->with.name.empty()) out.push_back(&reader.join->with);
  return out;
}

bool ConfigGraph::find_cycles(Faults& faults) const {
  std::vector<const OperatorConfig*> path;
  std::set<const OperatorConfig*> done;
  bool found = false;
  for (const OperatorConfig& reader : config_.operators) {
    if (!done.contains(&reader)) found = visit(reader, path, done, faults) || found;
  }
  return found;
}

bool ConfigGraph::visit(const OperatorConfig& reader, std::vector<const OperatorConfig*>& path,
                        std::set<const OperatorConfig*>& done, Faults& faults) const {
  bool found = false;
  path.push_back(&reader);
  for (const InputRef* input : inputs_of(reader)) {
    // Of a source and an operator of one name, the source is meant.
    if (config_.find_source(input->name) != nullptr) continue;
    const OperatorConfig* above = config_.find_operator(input->name);
    if (above == nullptr || done.contains(above)) continue;
    size_t start = 0;
    while (start < path.size() && path[start] != above) ++start;
    if (start == path.size()) {
      found = visit(*above, path, done, faults) || found;
      continue;
    }
    faults.add(input->as_written.where,
               "the operators read each other in a circle: " + cycle_text(path, start),
               "an operator reads what stands above it");
    found = true;
  }
  path.pop_back();
  done.insert(&reader);
  return found;
}

std::string ConfigGraph::side_output_behind(const InputRef& input) const {
  if (input.side != SideOutput::kNone) return input.as_written.text;
  const OperatorConfig* above = config_.find_operator(input.name);
  if (above == nullptr || above->keeps_state_by_keys()) return {};
  const auto [known, first] = side_outputs_.emplace(above, std::string());
  if (!first) return known->second;
  std::string side;
  for (const InputRef* next : inputs_of(*above)) {
    if (side.empty()) side = side_output_behind(*next);
  }
  return side_outputs_[above] = side;
}

std::string ConfigGraph::state_behind(const InputRef& input) const {
  const OperatorConfig* above = config_.find_operator(input.name);
  if (above == nullptr) return {};
  if (above->keeps_state_by_keys()) return above->name.text;
  const auto [known, first] = states_.emplace(above, std::string());
  if (!first) return known->second;
  std::string name;
  for (const InputRef* next : inputs_of(*above)) {
    if (name.empty()) name = state_behind(*next);
  }
  return states_[above] = name;
}

bool ConfigGraph::is_table(const InputRef& input) const {
  const OperatorConfig* above = config_.find_operator(input.name);
  if (above == nullptr || input.side != SideOutput::kNone) return false;
  if (makes_table(*above)) return true;
  if (above->keeps_state_by_keys()) return false;
  const auto [known, first] = tables_.emplace(above, false);
  if (!first) return known->second;
  bool table = false;
  for (const InputRef* next : inputs_of(*above)) table = table || is_table(*next);
  return tables_[above] = table;
}

}  // namespace millrace
