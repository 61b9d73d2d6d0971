#include "crypto/signer.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "base/temporary_directory_for_test.h"
#include "crypto/digest.h"
#include "crypto/openssl.h"

namespace cm4it::crypto {
namespace {

constexpr Algorithm algorithms[] = {Algorithm::es256, Algorithm::es384, Algorithm::eddsa, Algorithm::ps256};

// RSA keys take a second to make: one of each for all tests.
const Signer& signer_for(Algorithm algorithm) {
  static const SignerPtr made[] = {generate(Algorithm::es256).value(), generate(Algorithm::es384).value(),
                                   generate(Algorithm::eddsa).value(), generate(Algorithm::ps256).value()};
  return *made[static_cast<int>(algorithm)];
}

TEST(Signer, SignsWhatItsKeyVerifies) {
  for (const Algorithm algorithm : algorithms) {
    const Signer& signer = signer_for(algorithm);
    ASSERT_EQ(signer.public_key().algorithm(), algorithm);
    for (const std::string& message : {std::string(), std::string("a statement"), std::string(100'000, 'x')}) {
      const auto signature = signer.sign(view(message));
      ASSERT_TRUE(signature) << cose_id(algorithm) << ": " << signature.error().message;
      EXPECT_TRUE(signer.public_key().verify(view(message), *signature)) << cose_id(algorithm);
      EXPECT_EQ(signer.public_key().verify(view(message + "!"), *signature).error().code, Code::bad_signature);
    }
  }
}

TEST(Signer, AnyChangeToASignatureBreaksIt) {
  const Bytes message = to_bytes(view("a statement"));
  for (const Algorithm algorithm : algorithms) {
    const PublicKey key = signer_for(algorithm).public_key();
    const Bytes good = signer_for(algorithm).sign(message).value();
    for (std::size_t i = 0; i < good.size(); i += 7) {
      Bytes changed = good;
      changed[i] ^= 0x10;
      EXPECT_EQ(key.verify(message, changed).error().code, Code::bad_signature) << cose_id(algorithm) << " at " << i;
    }
    Bytes longer = good;
    longer.push_back(0);
    for (const View other : {View(longer), View(good).first(good.size() - 1), View()})
      EXPECT_EQ(key.verify(message, other).error().code, Code::bad_signature) << cose_id(algorithm);
    for (const Algorithm another : algorithms) {
      if (another == algorithm) continue;
      EXPECT_EQ(signer_for(another).public_key().verify(message, good).error().code, Code::bad_signature);
    }
  }
}

TEST(Signer, EcdsaSignaturesAreOfFixedSize) {
  for (int i = 0; i < 300; ++i) {  // an r or s with a leading zero comes about twice in 256
    const Bytes message{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
    const Bytes signature = signer_for(Algorithm::es256).sign(message).value();
    ASSERT_EQ(signature.size(), 64u);
    ASSERT_TRUE(signer_for(Algorithm::es256).public_key().verify(message, signature)) << to_hex(signature);
  }
  EXPECT_EQ(signer_for(Algorithm::es384).sign({}).value().size(), 96u);
  EXPECT_EQ(signer_for(Algorithm::eddsa).sign({}).value().size(), 64u);
}

TEST(Signer, SeedsGiveTheSameKeyAgain) {
  for (const Algorithm algorithm : {Algorithm::es256, Algorithm::eddsa}) {
    const SignerPtr one = from_seed(algorithm, Bytes(32, 1)).value(), again = from_seed(algorithm, Bytes(32, 1)).value();
    EXPECT_EQ(one->public_key(), again->public_key());
    EXPECT_FALSE(one->public_key() == from_seed(algorithm, Bytes(32, 2)).value()->public_key());
    EXPECT_TRUE(one->public_key().verify({}, again->sign({}).value()));
  }
  // RFC 8032 section 7.1, test 1.
  const Bytes seed = from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").value();
  const SignerPtr rfc = from_seed(Algorithm::eddsa, seed).value();
  EXPECT_EQ(to_hex(rfc->public_key().spki().last(32)), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(to_hex(rfc->sign({}).value()), "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e"
                                           "39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  EXPECT_EQ(from_seed(Algorithm::es384, Bytes(32, 1)).error().code, Code::unsupported);
  EXPECT_EQ(from_seed(Algorithm::ps256, Bytes(32, 1)).error().code, Code::unsupported);
  EXPECT_EQ(from_seed(Algorithm::eddsa, Bytes(31, 1)).error().code, Code::malformed);
}

TEST(Digest, Sha256) {
  // FIPS 180-4 examples.
  EXPECT_EQ(to_hex(sha256(view(""))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(view("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256({view("a"), view(""), view("bc")}), sha256(view("abc")));
  EXPECT_EQ(random_bytes(16).size(), 16u);
  EXPECT_NE(random_bytes(16), random_bytes(16));
}

class KeyFile : public testing::Test {
 protected:
  std::filesystem::path write(const char* name, std::string_view content, mode_t mode = 0600) {
    const auto path = directory_ / name;
    std::ofstream(path) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }
  static std::string content(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static mode_t mode(const std::filesystem::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  const TemporaryDirectory temporary_{"key"};
  const std::filesystem::path directory_ = temporary_.path();
};

TEST_F(KeyFile, ComesBackAsTheSameKeyForItsOwnerOnly) {
  for (const Algorithm algorithm : algorithms) {
    const auto path = directory_ / std::to_string(cose_id(algorithm));
    const mode_t before = ::umask(0);
    const auto saved = save_key_file(signer_for(algorithm), path);
    ::umask(before);
    ASSERT_TRUE(saved) << saved.error().message;
    EXPECT_EQ(mode(path), 0600u);
    EXPECT_TRUE(content(path).starts_with("-----BEGIN PRIVATE KEY-----\n"));  // PKCS#8
    EXPECT_EQ(content(path), private_pem(signer_for(algorithm)).value());
    const auto loaded = load_key_file(path);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ((*loaded)->public_key(), signer_for(algorithm).public_key());
    EXPECT_TRUE(signer_for(algorithm).public_key().verify(view("x"), (*loaded)->sign(view("x")).value()));
  }
}

TEST_F(KeyFile, IsNeverWrittenOver) {
  const auto path = write("key", "something precious");
  const auto saved = save_key_file(signer_for(Algorithm::eddsa), path);
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, Code::conflict);
  EXPECT_EQ(content(path), "something precious");
  std::filesystem::create_symlink(directory_ / "elsewhere", directory_ / "link");
  EXPECT_EQ(save_key_file(signer_for(Algorithm::eddsa), directory_ / "link").error().code, Code::conflict);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "elsewhere"));
  EXPECT_EQ(save_key_file(signer_for(Algorithm::eddsa), directory_ / "none" / "key").error().code, Code::unavailable);
}

TEST_F(KeyFile, IsRefusedWhenOthersMayReadIt) {
  const std::string pem = private_pem(signer_for(Algorithm::eddsa)).value();
  for (const mode_t bits : {0640u, 0604u, 0620u, 0602u, 0610u, 0644u, 0666u}) {
    const auto loaded = load_key_file(write("open", pem, bits));
    ASSERT_FALSE(loaded) << std::oct << bits;
    EXPECT_EQ(loaded.error().code, Code::not_permitted);
    EXPECT_NE(loaded.error().detail.find("chmod 600"), std::string::npos);
  }
  EXPECT_TRUE(load_key_file(write("mine", pem, 0400)));
}

TEST_F(KeyFile, RefusesWhatIsNoKey) {
  EXPECT_EQ(load_key_file(directory_ / "none").error().code, Code::not_found);
  EXPECT_EQ(load_key_file(directory_).error().code, Code::malformed);
  const std::string pem = private_pem(signer_for(Algorithm::es256)).value();
  for (const std::string& bad : {std::string(), std::string("-----BEGIN PUBLIC KEY-----\n") + signer_for(Algorithm::es256).public_key().base64() +
                                                    "\n-----END PUBLIC KEY-----\n", pem.substr(0, pem.size() / 2)})
    EXPECT_EQ(load_key_file(write("bad", bad)).error().code, Code::malformed) << bad;
}

std::string pem_of(EVP_PKEY* key, const char* passphrase) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, passphrase ? EVP_aes_256_cbc() : nullptr, passphrase,
                                          passphrase ? static_cast<int>(std::strlen(passphrase)) : 0, nullptr, nullptr), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

TEST_F(KeyFile, RefusesForeignKeys) {
  const PkeyPtr p521(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521"));
  EXPECT_EQ(load_key_file(write("p521", pem_of(p521.get(), nullptr))).error().code, Code::unsupported);
}

TEST_F(KeyFile, EncryptedKeysOpenWithTheirPassphrase) {
  const Signer& signer = signer_for(Algorithm::es256);
  const auto file = write("encrypted", pem_of(static_cast<EVP_PKEY*>(signer.native()), "pass word"));
  const auto none = load_key_file(file);
  ASSERT_FALSE(none) << "no passphrase, and nobody is asked";
  EXPECT_EQ(none.error().code, Code::not_permitted);
  EXPECT_NE(none.error().message.find("passphrase of key file"), std::string::npos) << none.error().message;

  EXPECT_EQ(load_key_file(file, {{}, write("right", "pass word\n"), {}}).value()->public_key(), signer.public_key());
  EXPECT_EQ(load_key_file(file, {directory_, "right", {}}).value()->public_key(), signer.public_key());
  const auto wrong = load_key_file(file, {{}, write("wrong", "password\n"), {}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::not_permitted);
  EXPECT_NE(wrong.error().message.find("does not open it"), std::string::npos) << wrong.error().message;
  EXPECT_EQ(wrong.error().message.find("password"), std::string::npos);
  EXPECT_EQ(load_key_file(file, {{}, write("open", "pass word\n", 0640), {}}).error().code, Code::not_permitted);
  EXPECT_EQ(load_key_file(file, {{}, write("empty", "\n"), {}}).error().code, Code::malformed);
  EXPECT_EQ(load_key_file(file, {{}, directory_ / "none", {}}).error().code, Code::not_found);

  int asked = 0;
  const auto person = [&asked](const std::string&) -> Result<Secret> {
    ++asked;
    return Secret(to_bytes(view("pass word")));
  };
  EXPECT_TRUE(load_key_file(file, {{}, {}, person}));
  EXPECT_EQ(asked, 1);
  int refused = 0;
  EXPECT_FALSE(load_key_file(file, {{}, {}, [&refused](const std::string&) -> Result<Secret> {
    ++refused;
    return fail(Code::not_permitted, "not given");
  }}));
  EXPECT_EQ(refused, 1) << "whoever does not answer is not asked again";
  EXPECT_TRUE(load_key_file(write("plain", private_pem(signer).value()), {{}, {}, person}));
  EXPECT_EQ(asked, 1) << "a key that is not encrypted needs no passphrase";
}

TEST_F(KeyFile, IsWrittenEncryptedWhereAPassphraseIsGiven) {
  const Secret passphrase(to_bytes(view("pass word")));
  ASSERT_TRUE(save_key_file(signer_for(Algorithm::eddsa), directory_ / "new", &passphrase));
  EXPECT_TRUE(content(directory_ / "new").starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  EXPECT_EQ(mode(directory_ / "new"), 0600u);
  EXPECT_EQ(load_key_file(directory_ / "new", {directory_, write("right", "pass word"), {}}).value()->public_key(),
            signer_for(Algorithm::eddsa).public_key());
}

}  // namespace
}  // namespace cm4it::crypto
