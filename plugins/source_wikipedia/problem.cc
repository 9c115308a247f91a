#include "source_wikipedia/problem.h"

#include "common/http/patience.h"
#include "common/json/problem_text.h"

namespace millrace::wikipedia {

std::string remedy(const Settings& settings, const http::Ending& ending) {
  if (ending.status != 403 && ending.status != 404)
    return http::usual_remedy(ending, "\"headers\"");
  std::string text = json::problem_text(ending.body);
  if (ending.status == 403 && settings.contact.empty()) {
    text +=
        "; Wikimedia refuses clients without a contact: set \"contact\" at the top of the "
        "configuration";
  } else if (ending.status == 403) {
    text += "; the User-Agent (" + settings.http.user_agent +
            ") may be what is refused: check \"contact\"";
  } else {
    text += "; is there a stream of that name? \"url\" with /?spec lists them";
  }
  return text;
}

}  // namespace millrace::wikipedia
