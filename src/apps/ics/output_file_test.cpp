// Files that are written whole or not at all, and what is no regular file written into as it is.
#include "apps/ics/output_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "apps/ics/console.h"
#include "apps/ics/descriptor_buffer.h"
#include "apps/ics/files.h"
#include "base/temporary_directory_for_test.h"

namespace cm4it::ics {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct Output : testing::Test {
  fs::path file(const std::string& name) const { return directory / name; }
  std::string contents(const std::string& name) const { return read_file(file(name)).value_or("none"); }
  std::size_t files() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), {})); }
  static Result<void> put(const fs::path& path, std::string_view text, std::chrono::milliseconds timeout = 30'000ms) {
    TRY(auto output, OutputFile::create(path, 0644, timeout));
    CHECK_OK(output.write(view(text)));
    return output.commit();
  }
  const TemporaryDirectory temporary{"output"};
  const fs::path directory = temporary.path();
};

TEST_F(Output, WhatIsNotCommittedLeavesWhatWasThere) {
  ASSERT_TRUE(put(file("a"), "before"));
  {
    auto output = OutputFile::create(file("a"));
    ASSERT_TRUE(output);
    ASSERT_TRUE(output->write(view(std::string(1'000'000, 'x'))));
  }
  EXPECT_EQ(contents("a"), "before");
  EXPECT_EQ(files(), 1u) << "nothing half-written stays beside it";
}

// Root may write everything. Run by root, this thread goes on as somebody else, to whom the directory belongs: the system call,
// unlike the C library's function, concerns the calling thread alone.
class AsNobody {
 public:
  explicit AsNobody(const fs::path& directory) {
    if (::geteuid() != 0) return;
    for (const auto& entry : fs::directory_iterator(directory)) EXPECT_EQ(::chown(entry.path().c_str(), nobody, nobody), 0);
    EXPECT_EQ(::chown(directory.c_str(), nobody, nobody), 0);
    EXPECT_EQ(::syscall(SYS_setresuid, nobody, nobody, 0), 0);
    became_ = true;
  }
  ~AsNobody() {
    if (became_) ::syscall(SYS_setresuid, 0, 0, 0);
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  static constexpr uid_t nobody = 65'534;
  bool became_ = false;
};

TEST_F(Output, AFileKeepsItsModeAndAWriteProtectedOneItsContent) {
  ASSERT_TRUE(put(file("a"), "before"));
  fs::permissions(file("a"), fs::perms::owner_read | fs::perms::owner_write);
  ASSERT_TRUE(put(file("a"), "after"));
  EXPECT_EQ(contents("a"), "after");
  EXPECT_EQ(fs::status(file("a")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  fs::permissions(file("a"), fs::perms::owner_read);
  const AsNobody somebody(directory);
  EXPECT_EQ(put(file("a"), "again").error().code, Code::not_permitted);
  EXPECT_EQ(contents("a"), "after");
}

TEST_F(Output, APipeStaysAPipe) {
  ASSERT_EQ(::mkfifo(file("pipe").c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = contents("pipe"); });
  ASSERT_TRUE(put(file("pipe"), "through it"));
  reader.join();
  EXPECT_EQ(got, "through it");
  EXPECT_TRUE(fs::is_fifo(file("pipe")));
  EXPECT_EQ(files(), 1u);
}

TEST_F(Output, APipeThatNobodyReadsIsAnError) {
  ASSERT_EQ(::mkfifo(file("pipe").c_str(), 0600), 0);
  const auto outcome = put(file("pipe"), "x", 1ms);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("nobody reads"));
  EXPECT_TRUE(fs::is_fifo(file("pipe")));
}

TEST_F(Output, DevicesAreWrittenInto) {
  EXPECT_TRUE(put("/dev/null", "gone"));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  const auto full = put("/dev/full", "x");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().message, "/dev/full: No space left on device");
}

TEST_F(Output, LinksAreFollowed) {
  fs::create_symlink("real", file("link"));
  ASSERT_TRUE(put(file("link"), "first"));  // where it points nothing was
  ASSERT_TRUE(put(file("link"), "second"));
  EXPECT_TRUE(fs::is_symlink(file("link")));
  EXPECT_FALSE(fs::is_symlink(file("real")));
  EXPECT_EQ(contents("real"), "second");
  fs::create_symlink("a", file("b"));
  fs::create_symlink("b", file("a"));
  EXPECT_THAT(put(file("a"), "x").error().message, HasSubstr("Too many levels"));
}

TEST_F(Output, AnOpenDescriptorIsWrittenWhereItStands) {
  const int open = ::open(file("log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ASSERT_EQ(::write(open, "begun ", 6), 6);
  ASSERT_TRUE(put("/dev/fd/" + std::to_string(open), "and gone on"));
  ::close(open);
  EXPECT_EQ(contents("log"), "begun and gone on");
}

TEST_F(Output, ErrorsNameThePath) {
  EXPECT_THAT(put(directory, "x").error().message, HasSubstr(directory.string() + ": a directory"));
  EXPECT_EQ(put(file("no/such"), "x").error().message, file("no/such").string() + ": No such file or directory");
  const auto endless = put(file(std::string(300, 'x')), "x");
  EXPECT_THAT(endless.error().message, HasSubstr("File name too long"));
  EXPECT_TRUE(put(file(std::string(255, 'x')), "the longest name that a file may have"));
}

// Its descriptor goes with it.
struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    for (const int end : ends)
      if (end >= 0) ::close(end);
  }
  int ends[2] = {-1, -1};
};

TEST(StandardOutput, AFullDiskAndAReaderThatIsGoneAreToldApart) {
  ::signal(SIGPIPE, SIG_IGN);
  std::istringstream in;
  std::ostringstream err;
  const auto console_on = [&](std::ostream& out, const DescriptorBuffer& buffer) {
    return Console{in, out, err, false, false, false, &buffer};
  };
  {
    const net::FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    DescriptorBuffer buffer(full.get());
    std::ostream out(&buffer);
    const auto console = console_on(out, buffer);
    console.line("lost");
    EXPECT_EQ(console.flush().error().message, "standard output: No space left on device");
    EXPECT_FALSE(console.reader_gone());
  }
  Pipe pipe;
  DescriptorBuffer buffer(pipe.ends[1]);
  std::ostream out(&buffer);
  const auto console = console_on(out, buffer);
  console.line("read");
  EXPECT_TRUE(console.flush());
  ::close(std::exchange(pipe.ends[0], -1));
  console.line("not wanted");
  EXPECT_FALSE(console.flush());
  EXPECT_TRUE(console.reader_gone());
}

}  // namespace
}  // namespace cm4it::ics
