# Feature options. A feature is a room of the same name on every floor:
# src/core/<f>, src/core/index/<f>, src/pg/<f>, sql/NN_<f>.sql, test/*/<f>.
# Off means: not compiled, not in the SQL file, not tested.
# Keep this list and the one in Makefile.pgxs the same (CI compares the builds).
set(RUVECTOR_FEATURES sparse hyperbolic attention gnn graph learning routing)

option(RUVECTOR_ALL "Every feature" ON)
option(RUVECTOR_AI_COMPLETE "Bundle: learning, attention, gnn, routing" ${RUVECTOR_ALL})
option(RUVECTOR_GRAPH_COMPLETE "Bundle: hyperbolic, sparse, graph" ${RUVECTOR_ALL})
foreach(f learning attention gnn routing)
  string(TOUPPER ${f} F)
  option(RUVECTOR_WITH_${F} "Feature ${f}" ${RUVECTOR_AI_COMPLETE})
endforeach()
foreach(f hyperbolic sparse graph)
  string(TOUPPER ${f} F)
  option(RUVECTOR_WITH_${F} "Feature ${f}" ${RUVECTOR_GRAPH_COMPLETE})
endforeach()

# Rooms to leave out, and the table that src/pg/module.cpp and
# ruvector_features() expand: FEATURE(name, built).
set(RUVECTOR_ROOMS_OFF "")
set(RUVECTOR_ROOMS_ON "")
set(features_inc "")
foreach(f ${RUVECTOR_FEATURES})
  string(TOUPPER ${f} F)
  # A feature whose room on the pg floor does not exist yet cannot be built in.
  if(RUVECTOR_WITH_${F} AND IS_DIRECTORY ${CMAKE_SOURCE_DIR}/src/pg/${f})
    list(APPEND RUVECTOR_ROOMS_ON ${f})
    string(APPEND features_inc "FEATURE_ON(${f})\n")
  else()
    list(APPEND RUVECTOR_ROOMS_OFF ${f})
    string(APPEND features_inc "FEATURE_OFF(${f})\n")
  endif()
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/features.inc CONTENT "${features_inc}" @ONLY)
message(STATUS "features: ${RUVECTOR_ROOMS_ON}")

# Sources of a floor without the rooms that are switched off.
function(ruvector_sources out floor)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${floor}/*.cpp)
  foreach(f ${RUVECTOR_ROOMS_OFF})
    list(FILTER files EXCLUDE REGEX "^${floor}/(index/)?${f}/")
  endforeach()
  set(${out} ${files} PARENT_SCOPE)
endfunction()
