#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "framework/gemm.h"
#include "framework/nn/capture.h"
#include "framework/nn/decode_state.h"
#include "framework/rng.h"

namespace heddle {

/// What a forward pass needs beside its input. A module has no hidden mode: whether it trains, which random numbers it
/// draws, what it remembers and what is looked at all come in here.
class Context {
 public:
  bool training = false;                 ///< dropout acts
  Precision precision = Precision::f32;  ///< of products
  Rng rng{};                             ///< of the run; each use in a pass takes a stream of its own
  index_t first_row = 0;                 ///< number in the run of the batch's first row: random numbers go by rows
  bool recompute = false;                ///< blocks keep their inputs alone, and are computed again in backward
  bool last_only = false;                ///< scores are wanted for the last position alone
  Capture* capture = nullptr;            ///< set: what passes is offered to it; nothing is computed again then
  DecodeState* state = nullptr;          ///< set: inputs continue the positions held there, and are added to them
  RowStates* carried = nullptr;  ///< set: recurrent layers begin with the states there, and leave their last ones

  /// The random stream of the next use in this pass.
  Rng next_rng() { return rng.fork(uses_++); }

  /// RAII guard: within its scope names stand under the path of a part.
  class Scope {
   public:
    ~Scope() {
      if (path_ != nullptr) path_->resize(length_);
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    friend class Context;
    Scope(std::string* path, std::string_view name) : path_(path), length_(path != nullptr ? path->size() : 0) {
      if (path_ != nullptr) path_->append(name).push_back('/');
    }
    std::string* path_;
    std::size_t length_;
  };
  [[nodiscard]] Scope enter(std::string_view name) { return {named() ? &path_ : nullptr, name}; }

  /// The context of part number `index` of a list, such as "blocks" 3: its names stand under "blocks/3/", and its
  /// random streams are its own, so that running it again draws the same.
  Context part(std::string_view list, std::size_t index) {
    Context part = *this;
    part.rng = next_rng();
    part.uses_ = 0;
    if (named()) part.path_.append(list).append(1, '/').append(std::to_string(index)).push_back('/');
    return part;
  }

  /// Where a recurrent layer keeps a state from pass to pass, by a name under the path of the part that runs: among
  /// what is held while text is written, or carried from step to step. Null: nowhere.
  Tensor* kept(std::string_view name) {
    if (state != nullptr) return &state->at(path(name));
    return carried != nullptr ? &carried->at(path(name)) : nullptr;
  }

  /// A name under the path of the part that runs. Paths are known where a capture or a state asks for them.
  std::string path(std::string_view name) const { return path_ + std::string(name); }
  /// Whether the capture asks for what passes under a name.
  bool wants(std::string_view name) const { return capture != nullptr && capture->wants(path(name)); }
  /// x as it goes on: kept or changed, where the capture asks for it.
  Tensor pass(std::string_view name, const Tensor& x) const {
    return capture != nullptr ? capture->pass(path(name), x) : x;
  }

 private:
  bool named() const { return capture != nullptr || state != nullptr || carried != nullptr; }

  std::uint64_t uses_ = 0;
  std::string path_;
};

}  // namespace heddle
