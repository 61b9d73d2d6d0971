#include "net/http/url.h"

#include <curl/curl.h>

#include <memory>
#include <optional>

namespace cm4it::net {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

class ParsedUrl {
 public:
  explicit ParsedUrl(const std::string& url) : url_(curl_url()) {
    good_ = url_ && curl_url_set(url_.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK;
  }
  bool good() const { return good_; }
  // Absent: none.
  std::optional<std::string> part(CURLUPart which, unsigned flags = 0) const {
    char* text = nullptr;
    if (!good_ || curl_url_get(url_.get(), which, &text, flags) != CURLUE_OK) return {};
    std::string copy(text);
    curl_free(text);
    return copy;
  }

 private:
  std::unique_ptr<CURLU, FreeUrl> url_;
  bool good_ = false;
};

}  // namespace

Result<std::string> origin_of(const std::string& url) {
  const ParsedUrl parsed(url);
  const auto scheme = parsed.part(CURLUPART_SCHEME), host = parsed.part(CURLUPART_HOST), port = parsed.part(CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!scheme || !host || !port || (*scheme != "http" && *scheme != "https"))
    return fail(Code::malformed, "url '" + url + "': http://… or https://…");
  return *scheme + "://" + *host + ":" + *port;
}

Result<void> check_base_url(const std::string& url) {
  const auto bad = [&](const char* rule) { return fail(Code::malformed, "url '" + url.substr(0, 300) + "': " + rule); };
  if (!url.starts_with("http://") && !url.starts_with("https://")) return bad("http:// or https:// expected");
  const ParsedUrl parsed(url);
  // Curl reads https:///a as https://a.
  if (!parsed.good() || url[url.find("//") + 2] == '/' || !parsed.part(CURLUPART_HOST)) return bad("a host and a port of 1 to 65535 expected, like https://ics.example:8443");
  if (parsed.part(CURLUPART_PORT) == "0") return bad("a port is 1 to 65535");
  if (parsed.part(CURLUPART_USER) || parsed.part(CURLUPART_PASSWORD)) return bad("no user may stand in it");
  if (parsed.part(CURLUPART_QUERY) || parsed.part(CURLUPART_FRAGMENT)) return bad("neither ? nor # may stand in it");
  return {};
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace cm4it::net
