#pragma once

/// Write a plugin in C++20: derive from source, processor, record_processor or sink, describe the
/// class with `static constexpr auto info = describe(…)`, end the file with MILLRACE_PLUGIN(Class).
/// Header-only; needs libc and the C++ library. The README beside the SDK walks through one.
///
/// In reading order:
// clang-format off
#include <millrace/cpp/errors.hpp>    // IWYU pragma: export  failures and what the host does
#include <millrace/cpp/describe.hpp>  // IWYU pragma: export  what a component says about itself
#include <millrace/cpp/context.hpp>   // IWYU pragma: export  log, metrics, cancellation
#include <millrace/cpp/config.hpp>    // IWYU pragma: export  reading the configuration
#include <millrace/cpp/batch.hpp>     // IWYU pragma: export  reading records
#include <millrace/cpp/emitter.hpp>   // IWYU pragma: export  writing records
#include <millrace/cpp/roles.hpp>     // IWYU pragma: export  the base classes
#include <millrace/cpp/module.hpp>    // IWYU pragma: export  MILLRACE_PLUGIN
// clang-format on
