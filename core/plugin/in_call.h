#pragma once

/// Marks the calling thread as being inside a plugin, so that a crash and the watchdog can name
/// the component. One marker per call; calls nest (a plugin calls the host, which calls nobody).

#include "plugin/component.h"

namespace millrace {

/// What the crash handler prints. Strings live as long as the instance, which outlives the call.
struct CallSite {
  const char* component = "";  ///< Id.
  const char* instance = "";   ///< "pipeline/name".
  const char* slot = "";       ///< "poll", "open"…
};

class InCall {
 public:
  InCall(const char* component, const char* instance, const char* slot);
  ~InCall();
  InCall(const InCall&) = delete;
  InCall& operator=(const InCall&) = delete;

 private:
  CallSite before_;
};

}  // namespace millrace
