#include "net/http/client.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "net/http/response_writer.h"
#include "net/tls_internal.h"
#include "net/http/url.h"

namespace cm4it::net {
namespace {

using Clock = std::chrono::steady_clock;

// Before the first handle is made, and once: curl_global_init() is not for several threads.
void prepare_curl() {
  static const CURLcode prepared = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)prepared;
}

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

void add_header(std::unique_ptr<curl_slist, FreeList>& list, const std::string& line) {
  if (curl_slist* longer = curl_slist_append(list.get(), line.c_str())) {
    list.release();
    list.reset(longer);
  }
}

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n' || text.back() == ' '))
    text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

}  // namespace

std::string_view Reply::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (equal_ignoring_case(key, name)) return value;
  return {};
}

struct HttpClient::Impl {
  explicit Impl(ClientOptions given) : options(std::move(given)) { prepare_curl(); }

  Result<void> start(const ClientRequest& request);
  void set_request(const ClientRequest& request);
  Result<void> wait(const ClientRequest& request);
  tl::unexpected<Error> explain(CURLcode code, const ClientRequest& request);

  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);
  static CURLcode on_tls(CURL*, void* context, void* self);
  static int on_certificate(X509_STORE_CTX* store, void* self);

  const ClientOptions options;
  std::atomic<bool> aborted{false};
  // The multi handle exists from the start on: abort() wakes it.
  const std::unique_ptr<CURLM, FreeMulti> multi{curl_multi_init()};

  // The calling thread's
  std::unique_ptr<CURL, FreeEasy> easy;
  std::unique_ptr<curl_slist, FreeList> lines;
  Reply reply;
  std::string origin;
  std::map<std::string, crypto::PublicKey> keys;  // by origin, as proven in its newest handshake
  bool wrong_key = false, too_large = false;
  std::optional<Error> tls_problem;
  char message[CURL_ERROR_SIZE] = "";
};

std::size_t HttpClient::Impl::on_body(char* data, std::size_t, std::size_t size, void* context) {
  auto* self = static_cast<Impl*>(context);
  if (self->reply.body.size() + size > self->options.max_body) {
    self->too_large = true;
    return 0;
  }
  try {
    self->reply.body.append(data, size);
  } catch (...) {
    return 0;
  }
  return size;
}

std::size_t HttpClient::Impl::on_header(char* data, std::size_t, std::size_t size, void* context) {
  auto* self = static_cast<Impl*>(context);
  std::string_view line(data, size);
  std::size_t colon = line.find(':');
  try {
    if (line.starts_with("HTTP/")) {
      self->reply.headers.clear();  // those before were of an interim answer
    } else if (colon != std::string_view::npos && self->reply.headers.size() < budget::http_header_fields) {
      self->reply.headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
    }
  } catch (...) {
    return 0;
  }
  return size;
}

// libcurl's SSL_CTX, before a new connection's handshake.
CURLcode HttpClient::Impl::on_tls(CURL*, void* context, void* user) {
  auto* self = static_cast<Impl*>(user);
  auto* tls = static_cast<SSL_CTX*>(context);
  try {
    auto equipped = equip_client(tls, self->options.key.get(), self->options.name);
    if (!equipped) {
      self->tls_problem = std::move(equipped).error();
      return CURLE_SSL_CERTPROBLEM;
    }
  } catch (...) {
    return CURLE_OUT_OF_MEMORY;
  }
  SSL_CTX_set_cert_verify_callback(tls, on_certificate, self);
  return CURLE_OK;
}

// The key is compared here, in the handshake: nothing is sent to another than the pinned one.
int HttpClient::Impl::on_certificate(X509_STORE_CTX* store, void* user) {
  auto* self = static_cast<Impl*>(user);
  try {
    X509* leaf = X509_STORE_CTX_get0_cert(store);
    auto key = leaf ? certificate_key(leaf) : fail(Code::not_found, "server's certificate: it showed none");
    if (!key) {
      self->tls_problem = std::move(key).error();
    } else {
      self->wrong_key = self->options.server_key && key->id() != *self->options.server_key;
      self->keys.insert_or_assign(self->origin, std::move(*key));
      if (!self->wrong_key) return 1;
    }
  } catch (...) {  // no exception may cross OpenSSL
  }
  ERR_clear_error();
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

void HttpClient::Impl::set_request(const ClientRequest& request) {
  CURL* handle = easy.get();
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  if (request.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data() ? request.body.data() : "");
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  lines.reset();
  add_header(lines, "Expect:");
  add_header(lines, request.content_type.empty() ? "Content-Type:" : "Content-Type: " + request.content_type);
  add_header(lines, request.accept.empty() ? "Accept: */*" : "Accept: " + request.accept);
  for (const auto& [name, value] : request.headers) add_header(lines, name + ": " + value);
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, lines.get());
}

Result<void> HttpClient::Impl::start(const ClientRequest& request) {
  TRY(origin, origin_of(request.url));
  bool clean =
      is_one_line(request.method) && is_one_line(request.content_type) && is_one_line(request.accept);
  for (const auto& [name, value] : request.headers) clean = clean && is_one_line(name) && is_one_line(value);
  if (!clean) return fail(Code::malformed, "request to " + request.url + ": a field holds a line break");
  if (!easy) easy.reset(curl_easy_init());
  if (!easy || !multi) return fail(Code::internal, "curl: no handle");

  reply = {};
  wrong_key = too_large = false;
  tls_problem.reset();
  message[0] = '\0';
  CURL* handle = easy.get();
  curl_easy_reset(handle);  // connections stay
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, message);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
  // Servers are known by key, which on_certificate looks at in every handshake: none is resumed.
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(handle, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, this);
  if (curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, on_tls) != CURLE_OK)
    return fail(Code::unsupported, "curl: built without OpenSSL");
  set_request(request);
  return {};
}

tl::unexpected<Error> HttpClient::Impl::explain(CURLcode code, const ClientRequest& request) {
  if (tls_problem) return within(request.url, *tls_problem);
  if (wrong_key) {
    auto key = keys.find(origin);
    std::string shown = key == keys.end() ? "another" : key->second.id().text();
    keys.erase(origin);
    return fail(Code::not_permitted,
                request.url + ": the server proved " + shown + ", expected " + options.server_key->text());
  }
  if (too_large)
    return fail(Code::too_large,
                request.url + ": the answer is longer than " + std::to_string(options.max_body) + " bytes");
  std::string cause = message[0] ? message : curl_easy_strerror(code);
  return fail(code == CURLE_URL_MALFORMAT ? Code::malformed : Code::unavailable, request.url + ": " + cause);
}

Result<void> HttpClient::Impl::wait(const ClientRequest& request) {
  CURLcode code = CURLE_OK;
  curl_multi_add_handle(multi.get(), easy.get());
  for (bool done = false; !done && !aborted;) {
    int running = 0;
    CURLMcode state = curl_multi_perform(multi.get(), &running);
    int left = 0;
    while (CURLMsg* told = curl_multi_info_read(multi.get(), &left)) {
      if (told->msg != CURLMSG_DONE) continue;
      code = told->data.result;
      done = true;
    }
    if (!done && (state != CURLM_OK || running == 0)) {
      code = CURLE_FAILED_INIT;
      done = true;
    }
    if (!done && !aborted) curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
  }
  curl_multi_remove_handle(multi.get(), easy.get());
  if (aborted) return fail(Code::unavailable, request.url + ": aborted");
  if (code != CURLE_OK) return explain(code, request);
  return {};
}

HttpClient::HttpClient(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

HttpClient::~HttpClient() = default;

Result<Reply> HttpClient::send(const ClientRequest& request) {
  if (impl_->aborted) return fail(Code::unavailable, request.url + ": aborted");
  CHECK_OK(impl_->start(request));
  CHECK_OK(impl_->wait(request));
  Reply& reply = impl_->reply;
  long status = 0;
  curl_easy_getinfo(impl_->easy.get(), CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<unsigned>(status);
  reply.content_type = reply.header("Content-Type");
  if (auto key = impl_->keys.find(impl_->origin); key != impl_->keys.end()) reply.server_key = key->second;
  return std::move(reply);
}

Result<Reply> HttpClient::get(const std::string& url, const std::string& accept) {
  ClientRequest request;
  request.url = url;
  request.accept = accept;
  return send(request);
}

void HttpClient::abort() {
  impl_->aborted = true;
  curl_multi_wakeup(impl_->multi.get());
}

}  // namespace cm4it::net
