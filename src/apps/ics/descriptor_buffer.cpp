#include "apps/ics/descriptor_buffer.h"

#include <unistd.h>

#include <cerrno>

namespace cm4it::ics {
namespace {

constexpr std::size_t buffer_octets = 64 * 1024;

}  // namespace

DescriptorBuffer::DescriptorBuffer(int descriptor) : descriptor_(descriptor), room_(buffer_octets) {
  setp(room_.data(), room_.data() + room_.size());
}

DescriptorBuffer::~DescriptorBuffer() { sync(); }

bool DescriptorBuffer::is_terminal() const { return ::isatty(descriptor_) == 1; }

DescriptorBuffer::int_type DescriptorBuffer::overflow(int_type character) {
  if (sync() != 0) return traits_type::eof();
  if (!traits_type::eq_int_type(character, traits_type::eof())) sputc(traits_type::to_char_type(character));
  return traits_type::not_eof(character);
}

int DescriptorBuffer::sync() {
  const char* next = pbase();
  while (error_ == 0 && next < pptr()) {
    const auto written = ::write(descriptor_, next, static_cast<std::size_t>(pptr() - next));
    if (written > 0) next += written;
    else if (errno != EINTR) error_ = errno;
  }
  setp(room_.data(), room_.data() + room_.size());
  return error_ == 0 ? 0 : -1;
}

}  // namespace cm4it::ics
