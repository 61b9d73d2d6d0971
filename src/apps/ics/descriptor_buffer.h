// Standard output as a stream that remembers why it could not be written.
#pragma once

#include <streambuf>
#include <vector>

namespace cm4it::ics {

class DescriptorBuffer final : public std::streambuf {
 public:
  explicit DescriptorBuffer(int descriptor);
  ~DescriptorBuffer() override;
  DescriptorBuffer(const DescriptorBuffer&) = delete;
  DescriptorBuffer& operator=(const DescriptorBuffer&) = delete;

  // The errno of the first write that failed, after which nothing more is written; 0: none has.
  int error() const { return error_; }
  bool is_terminal() const;

 protected:
  int_type overflow(int_type character) override;
  int sync() override;

 private:
  const int descriptor_;
  std::vector<char> room_;
  int error_ = 0;
};

}  // namespace cm4it::ics
