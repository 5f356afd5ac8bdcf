#pragma once

#include <string>
#include <vector>

#include "framework/autograd.h"

namespace heddle {

/// How far check_gradients lets a gradient be from its difference: double shows a wrong digit, float a wrong formula.
constexpr double kGradientTolerance = sizeof(real) == sizeof(double) ? 1e-7 : 1e-2;

/// Compares the gradients that backward gives for every element of every input of f, a function of ops, with
/// differences of f itself. An input may be a parameter that f reads from its model and not from its arguments, as
/// handles share elements. Afterwards the inputs have their elements as before, and no gradient.
///
/// What is differentiated is a randomly weighted sum of the result. A plain sum would accept a softmax without a
/// gradient, as its rows sum to one whatever the input. The difference is
/// (8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h, whose error falls with h^4. It costs four times f an
/// element. Link heddle::framework_double, where real is double: float has so few digits that its steps are longer.
/// Errors: a gradient that differs by more than `tolerance` times the larger of 1 and its size, which names `name`, the
/// input and the element.
void check_gradients(const std::string& name, const Recomputable& f, std::vector<Tensor> inputs,
                     double tolerance = kGradientTolerance);

}  // namespace heddle
