#pragma once

/// A pipeline case kept as data, ours or a user's: a folder with `pipeline.json`, files that feed
/// its sources and files that say what must come out. The configuration is the one that runs in
/// earnest; the case changes only where it reads and writes:
/// - `input-S.EXT` feeds source S, whatever its plugin; `input.EXT` feeds the only source. A `file`
/// source whose
///   path is such a file stays as it is. EXT `csv` is CSV, all else ndjson.
/// - `expected-X.EXT` is, byte for byte, what sink X writes, or what operator or side output X
/// gives;
///   `expected.EXT` means the only sink. `expected-X.subset.jsonl` names only members that each row
///   must have.
/// - sinks without an expectation, the cache, metrics and a remote commit log are left out.
/// - `report.json`, if there: members that the run's report must have so.
/// Threads: one.

#include <filesystem>
#include <string>
#include <vector>

#include "config/document.h"

namespace millrace {

struct CaseFile {
  std::filesystem::path path;
  std::string name;    ///< `X` of `expected-X.jsonl`; empty for `expected.jsonl`.
  std::string suffix;  ///< `.jsonl`, `.subset.jsonl`, `.csv.gz`: all behind the name.

  bool is_csv() const { return suffix.find(".csv") != std::string::npos; }
  bool is_subset() const { return suffix.starts_with(".subset"); }
};

struct CaseFolder {
  std::filesystem::path folder;
  std::vector<CaseFile> inputs, expected;

  std::filesystem::path config() const { return folder / "pipeline.json"; }
  std::filesystem::path report() const { return folder / "report.json"; }
};

/// `path` itself when it holds a pipeline.json, else the folders right below it that do, by name.
std::vector<CaseFolder> find_cases(const std::filesystem::path& path);

/// An expectation and the file, relative to where the case runs, that the connected pipeline writes
/// for it.
struct CaseOutput {
  CaseFile expected;
  std::filesystem::path written;
};

/// Points the sources at the inputs and the sinks at files. Faults: nothing is expected, a source
/// that nothing feeds, an expectation of something that is not there.
std::vector<CaseOutput> connect_case(const CaseFolder& test, ConfigDocument& document,
                                     Faults& faults);

}  // namespace millrace
