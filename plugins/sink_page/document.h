#pragma once

/// The page as text: one HTML document that loads nothing from anywhere. Pure.

#include <string>
#include <vector>

namespace millrace::page_sink {

/// What one sink puts on the page.
struct Section {
  std::string charts;   ///< JSON array.
  std::string history;  ///< Rows, a line each.
};

struct Document {
  std::string title;
  std::string made;  ///< When, as people read it.
  std::string feed;  ///< Id of the last event whose rows it holds; empty: nothing follows.
  std::vector<Section> sections;
};

/// Rows may hold anything: whatever they say, they stay data.
std::string html_of(const Document& document);

/// The Content-Security-Policy that holds for the page, as it is served and as a file.
extern const char* const kPolicy;

}  // namespace millrace::page_sink
