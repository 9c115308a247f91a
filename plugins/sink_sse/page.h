#pragma once

namespace millrace::sse_sink {

/// What `/` shows: the rows as they come, newest on top. Nothing is loaded from elsewhere.
extern const char* const kPage;

}  // namespace millrace::sse_sink
