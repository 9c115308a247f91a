#pragma once

/// How aggregate states are written, read and looped over. Private to this room.

#include <bit>
#include <cstring>
#include <new>
#include <string>
#include <type_traits>

#include "aggregates/aggregate.h"

namespace millrace {

static_assert(std::endian::native == std::endian::little, "states are stored little-endian");

template <class T>
void put(std::string& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <class T>
bool take(std::string_view& in, T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (in.size() < sizeof(value)) return false;
  std::memcpy(&value, in.data(), sizeof(value));
  in.remove_prefix(sizeof(value));
  return true;
}

inline bool take_flag(std::string_view& in, bool& value) {
  uint8_t byte = 0;
  if (!take(in, byte) || byte > 1) return false;
  value = byte != 0;
  return true;
}

template <class State>
State& state_at(std::byte* at) {
  return *std::launder(reinterpret_cast<State*>(at));
}
template <class State>
const State& state_at(const std::byte* at) {
  return *std::launder(reinterpret_cast<const State*>(at));
}

/// fold(state, cell index) for every live row whose argument is valid.
template <class State, class Fold>
void each_state(std::byte* const* states, const Column& argument, Selection rows, Fold fold) {
  if (argument.constant) {
    if (!argument.valid(0)) return;
    for (uint32_t i = 0; i < rows.count; ++i) fold(state_at<State>(states[i]), 0u);
  } else if (!argument.has_invalid) {
    for (uint32_t i = 0; i < rows.count; ++i) fold(state_at<State>(states[i]), rows[i]);
  } else {
    const uint8_t* cells = argument.cells.data();
    for (uint32_t i = 0; i < rows.count; ++i) {
      if (cells[rows[i]] == kValid) fold(state_at<State>(states[i]), rows[i]);
    }
  }
}

/// Appends to a result column; its cells follow once one is NULL.
void append_null(Column& out);
void append_int(Column& out, int64_t value);
void append_float(Column& out, double value);
void append_text(Column& out, std::string_view value);
/// NULL, and the row's error.
void append_failure(Column& out, RowErrors& errors, std::string_view sqlstate, const char* text);

/// The table of functions for a State with members init-by-constructor, merge(from),
/// emit(out, errors), encode(out) and decode(in).
template <class State>
constexpr AggregateKernel kernel_of(void (*update)(std::byte* const*, const Column*, Selection),
                                    void (*retract)(std::byte* const*, const Column*,
                                                    Selection) = nullptr) {
  static_assert(alignof(State) <= 16);
  return {
      sizeof(State),
      alignof(State),
      [](std::byte* at) { new (at) State(); },
      [](std::byte* at) { state_at<State>(at).~State(); },
      update,
      [](std::byte* into, const std::byte* from) {
        state_at<State>(into).merge(state_at<State>(from));
      },
      [](const std::byte* at, Column& out, RowErrors& errors) {
        state_at<State>(at).emit(out, errors);
      },
      [](const std::byte* at, std::string& out) { state_at<State>(at).encode(out); },
      [](std::byte* at, std::string_view& in) { return state_at<State>(at).decode(in); },
      retract,
  };
}

/// Bytes with their size in front.
inline void put_bytes(std::string& out, std::string_view bytes) {
  put(out, static_cast<uint64_t>(bytes.size()));
  out += bytes;
}
inline bool take_bytes(std::string_view& in, std::string& bytes) {
  uint64_t size = 0;
  if (!take(in, size) || size > in.size()) return false;
  bytes.assign(in.substr(0, size));
  in.remove_prefix(size);
  return true;
}

/// sum and avg of float8 over a table (aggregate_exact.cc).
const AggregateKernel& exact_sum_kernel();
const AggregateKernel& exact_mean_kernel();
std::span<const AggregateFunction> sum_aggregates();
std::span<const AggregateFunction> extreme_aggregates();
std::span<const AggregateFunction> moment_aggregates();
std::span<const AggregateFunction> logic_aggregates();
std::span<const AggregateFunction> list_aggregates();
std::span<const AggregateFunction> timed_aggregates();
std::span<const AggregateFunction> sketch_aggregates();
std::span<const AggregateFunction> interval_aggregates();
std::span<const AggregateFunction> array_aggregates();

}  // namespace millrace
