#include "window/aggregate_layout.h"

#include <algorithm>

#include "columns/schema.h"

namespace millrace {

AggregateLayout::AggregateLayout(std::vector<const AggregateFunction*> functions)
    : functions_(std::move(functions)) {
  for (const AggregateFunction* function : functions_) {
    const size_t align = function->kernel.align;
    slot_bytes_ = (slot_bytes_ + align - 1) / align * align;
    offsets_.push_back(slot_bytes_);
    slot_bytes_ += function->kernel.state_bytes;
  }
}

std::string AggregateLayout::describe() const {
  std::string text;
  for (const AggregateFunction* function : functions_) {
    text += function->name;
    text += '(';
    if (function->argument) text += type_name(*function->argument);
    text += ")v" + std::to_string(function->state_version) + ";";
  }
  return text;
}

void AggregateLayout::init(std::byte* slot) const {
  for (size_t i = 0; i < functions_.size(); ++i) functions_[i]->kernel.init(slot + offsets_[i]);
}

void AggregateLayout::destroy(std::byte* slot) const {
  for (size_t i = 0; i < functions_.size(); ++i) functions_[i]->kernel.destroy(slot + offsets_[i]);
}

void AggregateLayout::merge(std::byte* into, const std::byte* from) const {
  for (size_t i = 0; i < functions_.size(); ++i) {
    functions_[i]->kernel.merge(into + offsets_[i], from + offsets_[i]);
  }
}

namespace {

/// Counts, exact sums and extremes. Not sums of floats, whose last bits show how they were
/// bracketed.
bool is_associative(const AggregateFunction& function) {
  if (function.name == "count" || function.name == "min" || function.name == "max") return true;
  const bool ints = function.argument == Type::kInt4 || function.argument == Type::kInt8;
  return ints && (function.name == "sum" || function.name == "avg");
}

}  // namespace

bool AggregateLayout::associative() const {
  return std::all_of(functions_.begin(), functions_.end(),
                     [](const auto* function) { return is_associative(*function); });
}

void AggregateLayout::encode(const std::byte* slot, std::string& out) const {
  for (size_t i = 0; i < functions_.size(); ++i)
    functions_[i]->kernel.encode(slot + offsets_[i], out);
}

bool AggregateLayout::decode(std::byte* slot, std::string_view bytes) const {
  for (size_t i = 0; i < functions_.size(); ++i) {
    if (!functions_[i]->kernel.decode(slot + offsets_[i], bytes)) return false;
  }
  return bytes.empty();
}

}  // namespace millrace
