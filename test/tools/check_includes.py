#!/usr/bin/python3
"""check_includes.py: each file of src names the standard headers of what it uses, itself or by one of our headers.

A compiler does not see to it: headers of the standard library include one another as each version pleases, and the
build precompiles some of them (cmake/PrecompiledHeaders.cmake), while Makefile.pgxs does not.
"""
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Header: what it brings. A name may come from several.
BRINGS = {
    'algorithm': 'sort stable_sort partial_sort nth_element min max minmax min_element max_element minmax_element clamp '
                 'copy copy_n copy_if copy_backward fill fill_n find find_if find_if_not any_of all_of none_of count '
                 'count_if equal unique lower_bound upper_bound equal_range binary_search is_sorted transform reverse '
                 'rotate push_heap pop_heap make_heap sort_heap remove_if partition adjacent_find set_intersection '
                 'includes is_permutation swap_ranges replace replace_if shuffle search mismatch merge generate for_each '
                 'lexicographical_compare remove move_backward inplace_merge set_union set_difference',
    'any': 'any any_cast',
    'array': 'array to_array',
    'atomic': 'atomic atomic_flag atomic_ref memory_order_relaxed memory_order_acquire memory_order_release '
              'memory_order_acq_rel memory_order_seq_cst atomic_thread_fence',
    'barrier': 'barrier',
    'bit': 'bit_cast bit_ceil bit_floor bit_width countr_zero countl_zero popcount endian has_single_bit rotl rotr',
    'bitset': 'bitset',
    'cctype': 'isdigit isalpha isalnum isspace tolower toupper isxdigit ispunct',
    'cerrno': 'errno',
    'charconv': 'from_chars to_chars chars_format from_chars_result to_chars_result',
    'chrono': 'chrono',
    'cmath': 'sqrt isfinite fabs exp isnan log pow isinf tanh ceil floor fmax fmin cos sin tan acos asin atan atan2 '
             'acosh asinh atanh sinh cosh trunc round signbit log1p log2 log10 exp2 expm1 lround llround nextafter '
             'nextafterf nan nanf ldexp frexp fmod nearbyint hypot erfc erf copysign cbrt rint lrint fma modf abs '
             'lgamma tgamma scalbn ilogb remainder',
    'concepts': 'integral floating_point same_as convertible_to invocable signed_integral unsigned_integral derived_from '
                'swappable totally_ordered',
    'condition_variable': 'condition_variable',
    'cstddef': 'size_t ptrdiff_t byte nullptr_t max_align_t to_integer',
    'cstdint': 'int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t uintptr_t intptr_t',
    'cstdio': 'printf fprintf snprintf sscanf FILE fopen fclose fread fwrite fputs fflush feof ferror getc size_t remove',
    'cstdlib': 'abs labs llabs atoi atol atoll atof strtoul strtoull strtol strtoll strtod strtof malloc free getenv '
               'exit abort aligned_alloc size_t',
    'cstring': 'memcpy memmove memset memcmp memchr strlen strcmp strncmp strncpy strchr strrchr strstr strspn strcspn '
               'size_t',
    'ctime': 'clock clock_t time time_t',
    'deque': 'deque',
    'exception': 'exception exception_ptr current_exception rethrow_exception uncaught_exceptions terminate',
    'filesystem': 'filesystem',
    'fstream': 'ifstream ofstream fstream',
    'functional': 'function greater less equal_to hash plus minus multiplies reference_wrapper ref cref invoke bind not_fn '
                  'identity less_equal greater_equal',
    'initializer_list': 'initializer_list',
    'iomanip': 'setprecision setw setfill',
    'ios': 'ios ios_base streamsize streampos',
    'iostream': 'cout cin cerr endl',
    'istream': 'istream',
    'iterator': 'istreambuf_iterator back_inserter inserter make_move_iterator forward_iterator_tag '
                'random_access_iterator_tag input_iterator_tag bidirectional_iterator_tag reverse_iterator '
                'iterator_traits distance advance next prev begin end size data empty ssize rbegin rend '
                'make_reverse_iterator',
    'limits': 'numeric_limits',
    'list': 'list',
    'map': 'map multimap erase_if begin end size data empty',
    'memory': 'unique_ptr make_unique shared_ptr make_shared weak_ptr addressof allocator allocator_traits '
              'enable_shared_from_this make_unique_for_overwrite default_delete destroy_at construct_at align '
              'uninitialized_copy owner_less',
    'memory_resource': 'pmr',
    'mutex': 'mutex lock_guard unique_lock scoped_lock once_flag call_once recursive_mutex',
    'new': 'bad_alloc align_val_t nothrow launder nothrow_t bad_array_new_length get_new_handler',
    'numbers': 'numbers',
    'numeric': 'iota accumulate partial_sum inner_product reduce gcd lcm midpoint transform_reduce exclusive_scan '
               'inclusive_scan adjacent_difference',
    'optional': 'optional nullopt make_optional bad_optional_access',
    'ostream': 'ostream endl',
    'queue': 'queue priority_queue',
    'random': 'mt19937 mt19937_64 uniform_int_distribution uniform_real_distribution normal_distribution random_device',
    'ranges': 'ranges views',
    'ratio': 'milli micro nano ratio',
    'regex': 'regex regex_match regex_search smatch sregex_iterator',
    'set': 'set multiset erase_if begin end size data empty',
    'span': 'span as_bytes as_writable_bytes dynamic_extent begin end size data empty',
    'sstream': 'istringstream ostringstream stringstream',
    'stack': 'stack',
    'stdexcept': 'runtime_error logic_error invalid_argument out_of_range length_error overflow_error domain_error '
                 'range_error',
    'string': 'string to_string stoi stol stoll stoull stoul stod stof getline char_traits u16string u32string wstring '
              'basic_string erase erase_if begin end size data empty',
    'string_view': 'string_view basic_string_view begin end size data empty',
    'system_error': 'errc error_code system_error make_error_code generic_category',
    'thread': 'thread this_thread jthread',
    'tuple': 'tuple tie make_tuple get tuple_size_v forward_as_tuple tuple_size tuple_element_t ignore apply',
    'type_traits': 'is_same_v is_trivially_copyable_v is_trivially_destructible_v is_void_v remove_const_t conditional_t '
                   'is_const_v remove_reference_t is_trivial_v is_integral_v invoke_result_t remove_cvref_t decay_t '
                   'enable_if_t is_floating_point_v is_signed_v is_unsigned_v make_unsigned_t make_signed_t void_t '
                   'is_base_of_v is_convertible_v true_type false_type integral_constant underlying_type_t is_enum_v '
                   'is_invocable_v is_nothrow_move_constructible_v is_arithmetic_v is_pointer_v is_standard_layout_v '
                   'type_identity_t is_invocable_r_v is_constant_evaluated add_const_t remove_pointer_t',
    'typeinfo': 'type_info',
    'unordered_map': 'unordered_map unordered_multimap erase_if begin end size data empty',
    'unordered_set': 'unordered_set unordered_multiset erase_if begin end size data empty',
    'utility': 'move swap pair exchange forward make_pair as_const declval index_sequence make_index_sequence in_place '
               'index_sequence_for in_place_type get cmp_less cmp_greater piecewise_construct unreachable to_underlying',
    'variant': 'variant visit get get_if holds_alternative monostate variant_size_v variant_alternative_t in_place_type '
               'bad_variant_access',
    'vector': 'vector erase erase_if begin end size data empty',
}
# Headers of C by their own names, and headers that bring others by what is in their interface.
SAME = {'stddef.h': 'cstddef', 'stdint.h': 'cstdint', 'string.h': 'cstring', 'math.h': 'cmath', 'stdlib.h': 'cstdlib',
        'stdio.h': 'cstdio', 'errno.h': 'cerrno'}
ALSO = {'map': ['utility'], 'unordered_map': ['utility'], 'charconv': ['system_error'], 'chrono': ['ratio'],
        'fstream': ['istream', 'ostream', 'ios'], 'sstream': ['istream', 'ostream', 'ios'],
        'iostream': ['istream', 'ostream', 'ios'], 'string': ['string_view'], 'filesystem': ['system_error']}
# Outside namespace std, as PostgreSQL's headers and C have them too.
BARE = re.compile(r'(?<![\w:])(u?int(?:8|16|32|64)_t|uintptr_t|intptr_t|size_t|ptrdiff_t)\b')

PROVIDERS = {}
for header, names in BRINGS.items():
    for name in names.split():
        PROVIDERS.setdefault(name, set()).add(header)

COMMENT_OR_TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![\da-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
USE = re.compile(r'\bstd::(\w+)')


@functools.cache
def includes(path):
    """The standard headers that a file names, and the files of ours."""
    standard, ours = set(), set()
    for kind, name in INCLUDE.findall(path.read_text(encoding='utf-8')):
        if kind == '"':
            places = (base / name for base in (ROOT / 'src', ROOT / 'include', path.parent))
            ours.update([p for p in places if p.is_file()][:1])
        else:
            name = SAME.get(name, name)
            standard.update((name, *ALSO.get(name, ())))
    return standard, ours


def headers(path):
    """The standard headers that a file names, itself or by ours. Two of ours may include each other."""
    found, seen, todo = set(), set(), {path}
    while todo:
        seen |= todo
        found.update(*(includes(p)[0] for p in todo))
        todo = set().union(*(includes(p)[1] for p in todo)) - seen
    return found


def main():
    bad = files = 0
    for path in sorted(p for p in (ROOT / 'src').rglob('*') if p.suffix in ('.cpp', '.h') and not p.name.endswith('.inc.h')):
        files += 1
        code = COMMENT_OR_TEXT.sub(' ', path.read_text(encoding='utf-8'))
        have = headers(path)
        missing = {}
        for name in sorted(set(USE.findall(code))):
            providers = PROVIDERS.get(name)
            if providers is None:
                print(f'{path.relative_to(ROOT)}: std::{name} is not in the table of {pathlib.Path(__file__).name}')
                bad += 1
            elif not providers & have:
                missing.setdefault(' or '.join(f'<{h}>' for h in sorted(providers)), []).append(name)
        if not (path.is_relative_to(ROOT / 'src' / 'pg')):
            for name in sorted(set(BARE.findall(code))):
                if not PROVIDERS[name] & have:
                    missing.setdefault(' or '.join(f'<{h}>' for h in sorted(PROVIDERS[name])), []).append(name)
        for header, names in sorted(missing.items()):
            print(f'{path.relative_to(ROOT)}: {header} for {", ".join(dict.fromkeys(names))}')
            bad += 1
    if not bad:
        print(f'includes: {files} files name the standard headers of what they use')
    return bad != 0


if __name__ == '__main__':
    sys.exit(main())
