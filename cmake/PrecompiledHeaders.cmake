# The headers that most files include, parsed once: a quarter of the time of a build from nothing. Only ever
# headers of the standard library, never our own, and lint.includes sees to it that each file names what it
# uses: Makefile.pgxs compiles without this. lint.headers takes the list from here.
function(ruvector_precompile target)
  if(NOT RUVECTOR_PRECOMPILE)
    return()
  endif()
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <bit> <charconv> <cmath> <cstddef> <cstdint> <cstring> <functional> <limits> <map>
    <memory> <numeric> <optional> <span> <string> <string_view> <unordered_map> <unordered_set> <utility> <vector>)
  # What ccache needs to tell whether a file that used them must be compiled again.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
  # Files with flags of their own (instruction sets, levels of optimisation) cannot use them.
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    get_source_file_property(flags ${source} COMPILE_OPTIONS)
    if(flags)
      set_source_files_properties(${source} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
endfunction()
