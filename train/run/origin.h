#pragma once

#include <boost/serialization/nvp.hpp>
#include <string>
#include <vector>

#include "train/run/experiment.h"

namespace heddle {

/// What computed a checkpoint. Processors with other instructions round otherwise, so a run that goes on elsewhere does
/// not go on with the same bits.
struct Origin {
  std::string program, commit;  ///< version and commit of this program
  std::string processor;        ///< as the system names it
  std::string instruction_set;  ///< what products use, and what the program was compiled for
  std::string precision;        ///< of products: f32 or bf16, where the config says auto too

  /// Of this process, as `experiment` has set it up.
  static Origin here(const Experiment& experiment);
  /// The command line of this process, quoted as a shell wants it.
  static std::string command_line();
  /// A line for each difference that changes bits or could.
  std::vector<std::string> differences(const Origin& now) const;
  /// "heddle 0.1 (1a2b3c4), AVX-512 with bf16"
  static std::string version_text();
  /// "oneDNN 2.7.2, oneTBB 2021.8, HDF5 1.10.8, Boost 1.74"
  static std::string libraries_text();

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(program) & BOOST_SERIALIZATION_NVP(commit) & BOOST_SERIALIZATION_NVP(processor);
    ar& BOOST_SERIALIZATION_NVP(instruction_set) & BOOST_SERIALIZATION_NVP(precision);
  }
};

}  // namespace heddle
