#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace heddle {

/// Numbers and texts as bytes, for this program in another process: they are taken in the order in which they were put.
class Message {
 public:
  Message() = default;
  explicit Message(std::string bytes) : bytes_(std::move(bytes)) {}
  const std::string& bytes() const { return bytes_; }

  template <class Number>
  void put(Number number) {
    put(std::span<const Number>(&number, 1));
  }
  template <class Number>
  void put(std::span<const Number> numbers) {
    static_assert(std::is_arithmetic_v<Number>);
    bytes_.append(reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes());
  }
  void put(const std::string& text) {
    put(static_cast<std::uint64_t>(text.size()));
    bytes_ += text;
  }

  /// Whether all of it is taken.
  bool done() const { return taken_ == bytes_.size(); }
  template <class Number>
  Number take() {
    Number number{};
    take(std::span<Number>(&number, 1));
    return number;
  }
  template <class Number>
  void take(std::span<Number> numbers) {
    static_assert(std::is_arithmetic_v<Number>);
    bytes_.copy(reinterpret_cast<char*>(numbers.data()), numbers.size_bytes(), taken_);
    taken_ += numbers.size_bytes();
  }
  std::string take_text() {
    const auto size = static_cast<std::size_t>(take<std::uint64_t>());
    taken_ += size;
    return bytes_.substr(taken_ - size, size);
  }

 private:
  std::string bytes_;
  std::size_t taken_ = 0;
};

}  // namespace heddle
