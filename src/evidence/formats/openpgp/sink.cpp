#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>

#include "evidence/formats/openpgp/openpgp.h"
#include "evidence/formats/openpgp/source.h"

namespace cm4it::evidence::openpgp {
namespace {

// GnuPG 2.2 reads no further than the first certificate of v6: those come after all others, and wait in a temporary file.
class Sink final : public PieceSink {
 public:
  using PieceSink::PieceSink;

  Result<void> piece(View evidence) override {
    pieces_.push_back(to_bytes(evidence));
    return {};
  }

  Result<void> end_of_subject() override {
    std::set<Fingerprint> fingerprints;
    for (const Bytes& piece : pieces_) {
      TRY(auto fingerprint, certificate_of(piece));
      fingerprints.insert(std::move(fingerprint));
    }
    for (const auto& fingerprint : fingerprints) {
      TRY(const auto certificate, assemble(pieces_, fingerprint));
      const std::string armored = armor(ArmorKind::public_key_block, certificate) + "\n";
      CHECK_OK(fingerprint.version == 4 ? out_(view(armored)) : put_last(armored));
    }
    pieces_.clear();
    return {};
  }

  Result<void> finish() override {
    if (last_) std::rewind(last_.get());
    std::array<char, 65'536> buffer;
    for (std::size_t got = 0; last_ && (got = std::fread(buffer.data(), 1, buffer.size(), last_.get())) > 0;)
      CHECK_OK(out_(view(std::string_view(buffer.data(), got))));
    return {};
  }

 private:
  Result<void> put_last(const std::string& armored) {
    if (!last_) last_.reset(std::tmpfile());
    if (!last_ || std::fwrite(armored.data(), 1, armored.size(), last_.get()) != armored.size())
      return fail(Code::unavailable, "a temporary file: " + std::string(std::strerror(errno)));
    return {};
  }

  struct Close { void operator()(std::FILE* file) const { std::fclose(file); } };
  std::unique_ptr<std::FILE, Close> last_;
  std::vector<Bytes> pieces_;  // of one subject
};

}  // namespace

std::unique_ptr<PieceSink> open_sink(PieceSink::Out out) { return std::make_unique<Sink>(std::move(out)); }

}  // namespace cm4it::evidence::openpgp
