#include "net/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <thread>

#include "crypto/remote_signer.h"
#include "net/keys_for_test.h"
#include "net/tls_stream.h"

namespace cm4it::net {
namespace {

using namespace std::chrono_literals;
using crypto::Algorithm;

// The same key, as one in a token is used; `gone`: the token was taken out.
crypto::SignerPtr in_a_token(const crypto::SignerPtr& key, std::shared_ptr<std::atomic<bool>> gone = std::make_shared<std::atomic<bool>>(false)) {
  return crypto::remote_signer("token \"test\"", key->public_key(), [key, gone](View message) -> Result<Bytes> {
           if (*gone) return fail(Code::unavailable, "token \"test\": it was taken out");
           return key->sign(message);
         }).value();
}

// Serves one connection on a thread of its own.
template <class F>
std::thread serve_one(TlsListener& listener, F serve) {
  return std::thread([&listener, serve] {
    auto stream = listener.accept();
    ASSERT_TRUE(stream) << stream.error().message;
    serve(**stream);
  });
}

TEST(SelfSignedCertificate, BearsTheKeyAndTheTimes) {
  for (auto algorithm : {Algorithm::es256, Algorithm::es384, Algorithm::eddsa, Algorithm::ps256})
    for (const bool token : {false, true}) {
      auto signer = token ? in_a_token(make_key(algorithm)) : make_key(algorithm);
      auto certificate = self_signed_certificate(*signer, "ics.example", Time{1'700'000'000}).value();
      EXPECT_TRUE(certificate.pem.starts_with("-----BEGIN CERTIFICATE-----\n"));
      const unsigned char* der = certificate.der.data();
      X509* x509 = d2i_X509(nullptr, &der, static_cast<long>(certificate.der.size()));
      ASSERT_NE(x509, nullptr);
      EXPECT_EQ(X509_verify(x509, X509_get0_pubkey(x509)), 1);
      EXPECT_EQ(X509_check_host(x509, "ics.example", 0, 0, nullptr), 1);
      std::tm until{};
      ASSERT_EQ(ASN1_TIME_to_tm(X509_get0_notAfter(x509), &until), 1);
      EXPECT_EQ(until.tm_year + 1900, 9999);
      time_t from = 1'700'000'000;
      EXPECT_EQ(X509_cmp_time(X509_get0_notBefore(x509), &from), -1);  // not later
      unsigned char* spki = nullptr;
      int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);
      EXPECT_TRUE(equal(View(spki, static_cast<std::size_t>(size)), signer->public_key().spki()));
      OPENSSL_free(spki);
      X509_free(x509);
    }
  EXPECT_EQ(self_signed_certificate(*make_key(), "").error().code, Code::malformed);
  EXPECT_EQ(self_signed_certificate(*make_key(), std::string(319, 'n')).error().code, Code::malformed);
}

// Browsers and curl compare the names in the extension, addresses as such.
TEST(SelfSignedCertificate, OtherNamesAndAddresses) {
  const auto certificate = self_signed_certificate(*make_key(), "main.plant7.example", {}, Time::never(), {"ics.plant7.example", "10.0.0.7", "2001:db8::7", "*.hall.example"});
  ASSERT_TRUE(certificate) << certificate.error().message;
  const unsigned char* der = certificate->der.data();
  X509* x509 = d2i_X509(nullptr, &der, static_cast<long>(certificate->der.size()));
  ASSERT_NE(x509, nullptr);
  for (const char* host : {"main.plant7.example", "ics.plant7.example", "a.hall.example"}) EXPECT_EQ(X509_check_host(x509, host, 0, 0, nullptr), 1) << host;
  for (const char* address : {"10.0.0.7", "2001:db8::7"}) EXPECT_EQ(X509_check_ip_asc(x509, address, 0), 1) << address;
  EXPECT_NE(X509_check_host(x509, "other.plant7.example", 0, 0, nullptr), 1);
  X509_free(x509);
  for (const char* name : {"", ".", "a..b", "a,DNS:b", "a b", "*", "a.*", "10.0.0.7/8"}) EXPECT_FALSE(alternative_name(name)) << name;
}

// A common name has 64 octets at most; what clients compare is the whole name.
TEST(SelfSignedCertificate, ALongNameIsWholeInTheExtension) {
  const std::string label(60, 'a');
  for (const auto& name : {"main." + label + ".example", label + "." + label + "." + label + ".example", std::string(65, 'n'),
                           "under_score." + label + ".example"}) {
    const auto certificate = self_signed_certificate(*make_key(), name);
    ASSERT_TRUE(certificate) << name << ": " << certificate.error().message;
    const unsigned char* der = certificate->der.data();
    X509* x509 = d2i_X509(nullptr, &der, static_cast<long>(certificate->der.size()));
    ASSERT_NE(x509, nullptr);
    char common[256] = {};
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(x509), NID_commonName, common, sizeof common);
    EXPECT_TRUE(size >= 1 && size <= 64) << common;
    EXPECT_TRUE(name.starts_with(common)) << common;
    if (name.find('_') == name.npos) {
      EXPECT_EQ(X509_check_host(x509, name.c_str(), 0, 0, nullptr), 1) << name;
    }
    X509_free(x509);
  }
}

TEST(TlsStream, EachSideLearnsTheOthersKey) {
  for (auto algorithm : {Algorithm::es256, Algorithm::es384, Algorithm::eddsa, Algorithm::ps256}) {
    auto server_key = make_key(algorithm), client_key = make_key(algorithm);
    auto listener = TlsListener::listen("127.0.0.1:0", server_key).value();
    auto server = serve_one(*listener, [&](TlsStream& stream) {
      ASSERT_TRUE(stream.handshake(10s));
      EXPECT_EQ(stream.peer_key().value(), client_key->public_key());
      EXPECT_EQ(stream.read_line(100, 10s).value(), "hello");
      EXPECT_EQ(stream.read_line(100, 10s).value(), "");
      ASSERT_TRUE(stream.write("wel"));
      ASSERT_TRUE(stream.write("come\r\nbye"));
      EXPECT_EQ(stream.read_line(100, 10s).value(), "bye");
    });
    auto stream = TlsStream::connect("127.0.0.1", listener->port(), client_key, 10s).value();
    EXPECT_EQ(stream->peer_key().value(), server_key->public_key());
    ASSERT_TRUE(stream->write("hello\n\n"));
    EXPECT_EQ(stream->read_line(100, 10s).value(), "welcome");
    EXPECT_EQ(stream->read_line(2, 10s).error().code, Code::too_large);
    ASSERT_TRUE(stream->write("bye\n"));
    server.join();
    auto end = stream->read_line(100, 10s);
    EXPECT_EQ(end.error().code, Code::unavailable);
    EXPECT_TRUE(stream->closed());
  }
}

TEST(TlsStream, KeysMayBeInTokens) {
  for (auto algorithm : {Algorithm::es256, Algorithm::es384, Algorithm::eddsa, Algorithm::ps256}) {
    SCOPED_TRACE(crypto::cose_id(algorithm));
    auto server_key = in_a_token(make_key(algorithm)), client_key = in_a_token(make_key(algorithm));
    auto listener = TlsListener::listen("127.0.0.1:0", server_key).value();
    auto server = serve_one(*listener, [&](TlsStream& stream) {
      ASSERT_TRUE(stream.handshake(60s));
      EXPECT_EQ(stream.peer_key().value(), client_key->public_key());
      ASSERT_TRUE(stream.write("welcome\n"));
    });
    auto stream = TlsStream::connect("127.0.0.1", listener->port(), client_key, 60s);
    ASSERT_TRUE(stream) << stream.error().message;
    EXPECT_EQ((*stream)->peer_key().value(), server_key->public_key());
    EXPECT_EQ((*stream)->read_line(100, 60s).value(), "welcome");
    server.join();
  }
}

// Sessions go on, new ones fail, and say so once in the log; all is well when the token is back.
TEST(TlsStream, ATokenThatIsTakenOut) {
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  auto listener = TlsListener::listen("127.0.0.1:0", in_a_token(make_key(), gone)).value();
  std::unique_ptr<TlsStream> served;
  std::thread first([&] {
    served = listener->accept().value();
    ASSERT_TRUE(served->handshake(60s));
  });
  auto stream = TlsStream::connect("127.0.0.1", listener->port(), nullptr, 60s).value();
  first.join();
  *gone = true;
  ASSERT_TRUE(served->write("still here\n"));
  EXPECT_EQ(stream->read_line(100, 60s).value(), "still here");
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) {
    auto refusing = serve_one(*listener, [](TlsStream& refused) { EXPECT_FALSE(refused.handshake(60s)); });
    EXPECT_FALSE(TlsStream::connect("127.0.0.1", listener->port(), nullptr, 60s));
    refusing.join();
  }
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_NE(logged.find("token \"test\": it was taken out"), std::string::npos) << logged;
  EXPECT_EQ(logged.find("it was taken out"), logged.rfind("it was taken out")) << "once a minute: " << logged;
  *gone = false;
  auto again = serve_one(*listener, [](TlsStream& good) { EXPECT_TRUE(good.handshake(60s)); });
  EXPECT_TRUE(TlsStream::connect("127.0.0.1", listener->port(), nullptr, 60s));
  again.join();
}

TEST(TlsStream, ClientWithoutAKey) {
  auto listener = TlsListener::listen("127.0.0.1:0", make_key()).value();
  auto server = serve_one(*listener, [&](TlsStream& stream) {
    ASSERT_TRUE(stream.handshake(10s));
    EXPECT_EQ(stream.peer_key().error().code, Code::not_found);
  });
  EXPECT_TRUE(TlsStream::connect("127.0.0.1", listener->port(), nullptr, 10s));
  server.join();
}

TEST(TlsStream, TimeoutLeavesItUsable) {
  auto listener = TlsListener::listen("127.0.0.1:0", make_key()).value();
  auto server = serve_one(*listener, [&](TlsStream& stream) {
    ASSERT_TRUE(stream.handshake(10s));
    EXPECT_EQ(stream.read_line(100, 10s).value(), "now");
    ASSERT_TRUE(stream.write("yes\n"));
  });
  auto stream = TlsStream::connect("127.0.0.1", listener->port(), make_key(), 10s).value();
  EXPECT_EQ(stream->read_line(100, 20ms).error().code, Code::unavailable);
  EXPECT_FALSE(stream->closed());
  ASSERT_TRUE(stream->write("now\n"));
  EXPECT_EQ(stream->read_line(100, 10s).value(), "yes");
  server.join();
}

TEST(TlsStream, CloseFromAnotherThread) {
  auto listener = TlsListener::listen("127.0.0.1:0", make_key()).value();
  auto server = serve_one(*listener, [&](TlsStream& stream) {
    ASSERT_TRUE(stream.handshake(10s));
    EXPECT_EQ(stream.read_line(100, 60s).error().code, Code::unavailable);
  });
  auto stream = TlsStream::connect("127.0.0.1", listener->port(), make_key(), 10s).value();
  std::thread reader([&] {
    auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(stream->read_line(100, 60s).error().code, Code::unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 30s);
  });
  stream->close();
  reader.join();
  server.join();
}

TEST(TlsListener, CloseEndsAccept) {
  auto listener = TlsListener::listen("127.0.0.1:0", make_key()).value();
  std::thread accepting([&] { EXPECT_EQ(listener->accept().error().code, Code::unavailable); });
  listener->close();
  accepting.join();
}

TEST(TlsStream, NobodyThere) {
  auto listener = TlsListener::listen("127.0.0.1:0", make_key()).value();
  auto port = listener->port();
  listener.reset();
  auto refused = TlsStream::connect("127.0.0.1", port, nullptr, 10s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_NE(refused.error().message.find(std::to_string(port)), std::string::npos);
}

// Whoever issued it, whatever it says: the principal is the key in the certificate.
TEST(TlsStream, AClientsCertificateMayBeACasAndExpired) {
  auto listener = TlsListener::listen("127.0.0.1:0", make_key()).value();
  const auto ca = make_key(), client = make_key();
  auto server = serve_one(*listener, [&](TlsStream& stream) {
    ASSERT_TRUE(stream.handshake(60s));
    EXPECT_EQ(stream.peer_key().value(), client->public_key());
    ASSERT_TRUE(stream.write("!"));
  });
  X509* x509 = X509_new();
  ASSERT_TRUE(X509_set_pubkey(x509, static_cast<EVP_PKEY*>(client->native())));
  X509_NAME_add_entry_by_txt(X509_get_issuer_name(x509), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("some CA"), -1, -1, 0);
  ASSERT_TRUE(X509_gmtime_adj(X509_getm_notBefore(x509), -2000) && X509_gmtime_adj(X509_getm_notAfter(x509), -1000));
  ASSERT_NE(X509_sign(x509, static_cast<EVP_PKEY*>(ca->native()), EVP_sha256()), 0);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  ASSERT_EQ(SSL_CTX_use_certificate(context, x509), 1);
  ASSERT_EQ(SSL_CTX_use_PrivateKey(context, static_cast<EVP_PKEY*>(client->native())), 1);
  BIO* bio = BIO_new_ssl_connect(context);
  BIO_set_conn_hostname(bio, listener->address().c_str());
  char byte = 0;
  EXPECT_EQ(BIO_do_handshake(bio), 1);
  EXPECT_EQ(BIO_read(bio, &byte, 1), 1);
  server.join();
  BIO_free_all(bio);
  SSL_CTX_free(context);
  X509_free(x509);
}

// One side shows a key of a kind that nothing here speaks (P-521), wrapped by OpenSSL itself.
TEST(TlsStream, UnsupportedClientKeyEndsTheHandshake) {
  auto listener = TlsListener::listen("127.0.0.1:0", make_key()).value();
  auto server = serve_one(*listener, [&](TlsStream& stream) {
    auto shaken = stream.handshake(10s);
    EXPECT_EQ(shaken.error().code, Code::unavailable);
  });
  EVP_PKEY* key = EVP_EC_gen("P-521");
  X509* x509 = X509_new();
  ASSERT_TRUE(X509_set_pubkey(x509, key));
  ASSERT_TRUE(X509_gmtime_adj(X509_getm_notBefore(x509), 0) &&
              X509_gmtime_adj(X509_getm_notAfter(x509), 1000));
  ASSERT_NE(X509_sign(x509, key, EVP_sha512()), 0);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  ASSERT_EQ(SSL_CTX_use_certificate(context, x509), 1);
  ASSERT_EQ(SSL_CTX_use_PrivateKey(context, key), 1);
  BIO* bio = BIO_new_ssl_connect(context);
  BIO_set_conn_hostname(bio, listener->address().c_str());
  BIO_do_handshake(bio);
  char byte;
  EXPECT_LE(BIO_read(bio, &byte, 1), 0);
  server.join();
  BIO_free_all(bio);
  SSL_CTX_free(context);
  X509_free(x509);
  EVP_PKEY_free(key);
}

}  // namespace
}  // namespace cm4it::net
