#pragma once

#include "framework/gemm.h"

namespace heddle {

/// While one of these lives, products have another precision.
class PrecisionGuard {
 public:
  explicit PrecisionGuard(Precision precision) : before_(gemm_precision()) { set_gemm_precision(precision); }
  ~PrecisionGuard() { set_gemm_precision(before_); }
  PrecisionGuard(const PrecisionGuard&) = delete;
  PrecisionGuard& operator=(const PrecisionGuard&) = delete;

 private:
  Precision before_;
};

}  // namespace heddle
