#pragma once

#include "framework/nn/capture.h"
#include "framework/nn/token_stream.h"
#include "framework/ops.h"

namespace heddle {

/// Errors: the stream scores no tokens.
inline void check_head(const TokenStream& stream) {
  ensure(!stream.head.empty(), "lens: the model scores no tokens; choose a run that writes, translates or fills in");
}

/// A place [1, ...] of row 0 of x [B, T, ...]. Errors: it is not there.
inline Tensor at_place(const Tensor& x, index_t place) {
  ensure(place >= 0 && place < x.size(1), "lens: there is no place ", place, " among ", x.size(1));
  return reshape(slice(slice(x, 0, 0, 1), 1, place, place + 1), Shape{1, x.numel() / (x.size(0) * x.size(1))});
}

/// The stream [1, C] at a place of row 0: what goes into block `layer`, or left the last.
inline Tensor state_at(const Capture& capture, const std::string& path, std::size_t layer, index_t place) {
  return at_place(capture.at(concat_text(path, "hidden_states/", layer)), place);
}

}  // namespace heddle
