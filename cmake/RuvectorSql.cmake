# The install script: every part of sql/ in order, without the features that are off.
# Makefile.pgxs has the same rule; CI compares the two files byte by byte.
function(ruvector_install_sql out)
  file(GLOB parts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sql/[0-9]*.sql)
  list(SORT parts)
  foreach(f ${RUVECTOR_ROOMS_OFF})
    list(FILTER parts EXCLUDE REGEX "/[0-9]+_${f}\\.sql$")
  endforeach()
  set(target ${CMAKE_BINARY_DIR}/ruvector--${RUVECTOR_VERSION}.sql)
  add_custom_command(OUTPUT ${target}
    COMMAND ${CMAKE_SOURCE_DIR}/cmake/concat_sql.sh ${parts} > ${target}
    DEPENDS ${parts} ${CMAKE_SOURCE_DIR}/cmake/concat_sql.sh
    COMMENT "Writing ruvector--${RUVECTOR_VERSION}.sql" VERBATIM)
  add_custom_target(ruvector_sql ALL DEPENDS ${target})
  set(${out} ${target} PARENT_SCOPE)
endfunction()
