# -m flags per kernel file; Makefile.pgxs has the same list.
# Optimisation is fixed at -O3 here: kernels must be fast in every build type but Debug.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  file(GLOB avx2 CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*/*_avx2.cpp)
  file(GLOB avx512 CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*/*_avx512.cpp)
  file(GLOB avx512vnni CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*/*_avx512vnni.cpp)
  set(flags_avx2 -mavx2 -mfma -mf16c -mpopcnt -mbmi2)
  set(flags_avx512 ${flags_avx2} -mavx512f -mavx512cd -mavx512bw -mavx512dq -mavx512vl)
  set(flags_avx512vnni ${flags_avx512} -mavx512vnni -mavx512vpopcntdq -mavx512bitalg)
  set_source_files_properties(${avx2} PROPERTIES COMPILE_OPTIONS "${flags_avx2}")
  set_source_files_properties(${avx512} PROPERTIES COMPILE_OPTIONS "${flags_avx512}")
  set_source_files_properties(${avx512vnni} PROPERTIES COMPILE_OPTIONS "${flags_avx512vnni}")
endif()
