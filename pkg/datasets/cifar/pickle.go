package cifar

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// The python version of CIFAR is dictionaries pickled by protocol 2. Unpickling in
// general calls whatever the file names; here a program of a few stack operations
// is followed that can make numbers, strings, tuples, lists, dictionaries and arrays
// of bytes, and nothing else.

// mostOperations is some times what the largest file of CIFAR-100 takes. Each
// operation takes a bounded amount of memory.
const mostOperations = 4_000_000

// What may lie on the stack: nil, bool, int, string (bytes), tuple, *list, *dict,
// global, *dtype and *array.
type (
	mark   struct{}
	tuple  []any
	list   struct{ items []any }
	dict   struct{ items map[string]any }
	global string
	dtype  struct{ name string }

	// array is an array of unsigned bytes.
	array struct {
		shape   []int
		fortran bool // columns lie together, not rows
		bytes   string
	}
)

// The names that files refer to.
const (
	reconstruct  global = "numpy.core.multiarray _reconstruct"
	reconstruct2 global = "numpy._core.multiarray _reconstruct" // since NumPy 2
	ndarray      global = "numpy ndarray"
	numpyDtype   global = "numpy dtype"
	encode       global = "_codecs encode" // bytes in files that Python 3 wrote
)

// unpickler follows the operations of one file.
type unpickler struct {
	rest  string
	size  int
	stack []any
	memo  map[uint32]any
}

// unpickle returns the dictionary that content holds.
func unpickle(content string) (*dict, error) {
	u := &unpickler{rest: content, size: len(content), memo: map[uint32]any{}}
	v, err := u.run()
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", u.size-len(u.rest), err)
	}
	d, ok := v.(*dict)
	if !ok {
		return nil, fmt.Errorf("it holds %s, expected a dictionary", kind(v))
	}
	return d, nil
}

func (u *unpickler) run() (any, error) {
	if head, err := u.take(2); err != nil || head != "\x80\x02" {
		return nil, fmt.Errorf("it does not start like a pickle of protocol 2")
	}
	for range mostOperations {
		op, err := u.take(1)
		if err != nil {
			return nil, err
		}
		if op == "." {
			v, err := u.pop()
			switch {
			case err != nil:
				return nil, err
			case len(u.stack) > 0 || u.rest != "":
				return nil, fmt.Errorf("the pickle ends, but the file holds more")
			}
			return v, nil
		}
		if err := u.step(op[0]); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("it takes more than %d operations", mostOperations)
}

// step follows one operation; the letters are those of Python's pickletools.
func (u *unpickler) step(op byte) error {
	switch op {
	case 'N':
		return u.push(nil, nil)
	case 0x88, 0x89:
		return u.push(op == 0x88, nil)
	case 'K', 'M':
		v, err := u.number(map[byte]int{'K': 1, 'M': 2}[op])
		return u.push(int(v), err)
	case 'J': // the only signed one
		v, err := u.number(4)
		return u.push(int(int32(v)), err)
	case 'U', 'T', 'X': // strings: short, long, unicode
		length, err := u.number(map[byte]int{'U': 1, 'T': 4, 'X': 4}[op])
		if err != nil {
			return err
		}
		v, err := u.take(int(length))
		return u.push(v, err)
	case 'c':
		return u.global()
	case '(':
		return u.push(mark{}, nil)
	case ')':
		return u.push(tuple(nil), nil)
	case 0x85, 0x86, 0x87:
		v, err := u.popN(int(op-0x85) + 1)
		return u.push(tuple(v), err)
	case 't':
		v, err := u.popMark()
		return u.push(tuple(v), err)
	case ']':
		return u.push(&list{}, nil)
	case '}':
		return u.push(&dict{map[string]any{}}, nil)
	case 'a':
		v, err := u.popN(1)
		return u.extend(v, err)
	case 'e':
		v, err := u.popMark()
		return u.extend(v, err)
	case 's':
		v, err := u.popN(2)
		return u.set(v, err)
	case 'u':
		v, err := u.popMark()
		return u.set(v, err)
	case 'q', 'r':
		at, err := u.number(map[byte]int{'q': 1, 'r': 4}[op])
		if err != nil || len(u.stack) == 0 {
			return fmt.Errorf("nothing to remember")
		}
		u.memo[at] = u.stack[len(u.stack)-1]
		return nil
	case 'h', 'j':
		at, err := u.number(map[byte]int{'h': 1, 'j': 4}[op])
		v, known := u.memo[at]
		if err == nil && !known {
			err = fmt.Errorf("nothing was remembered as number %d", at)
		}
		return u.push(v, err)
	case 'R':
		v, err := u.popN(2)
		if err != nil {
			return err
		}
		made, err := call(v[0], v[1])
		return u.push(made, err)
	case 'b':
		v, err := u.popN(2)
		if err != nil {
			return err
		}
		return u.push(v[0], build(v[0], v[1]))
	}
	return fmt.Errorf("the operation 0x%02x occurs in no file of CIFAR", op)
}

// take removes n bytes from what is left to read.
func (u *unpickler) take(n int) (string, error) {
	if n < 0 || n > len(u.rest) {
		return "", fmt.Errorf("it is truncated")
	}
	head := u.rest[:n]
	u.rest = u.rest[n:]
	return head, nil
}

// number reads an unsigned number, little-endian.
func (u *unpickler) number(bytes int) (uint32, error) {
	var b [4]byte
	head, err := u.take(bytes)
	copy(b[:], head)
	return binary.LittleEndian.Uint32(b[:]), err
}

// global reads a module and a name, a line each.
func (u *unpickler) global() error {
	var parts [2]string
	for i := range parts {
		end := strings.IndexByte(u.rest, '\n')
		if end < 0 || end > 200 {
			return fmt.Errorf("a name does not end")
		}
		parts[i], u.rest = u.rest[:end], u.rest[end+1:]
	}
	switch g := global(parts[0] + " " + parts[1]); g {
	case reconstruct, reconstruct2, ndarray, numpyDtype, encode:
		return u.push(g, nil)
	default:
		return fmt.Errorf("it refers to %q, which no file of CIFAR does", string(g))
	}
}

func (u *unpickler) push(v any, err error) error {
	if err == nil {
		u.stack = append(u.stack, v)
	}
	return err
}

func (u *unpickler) pop() (any, error) {
	v, err := u.popN(1)
	if err != nil {
		return nil, err
	}
	return v[0], nil
}

// popN takes n values, all above the last mark.
func (u *unpickler) popN(n int) ([]any, error) {
	at := len(u.stack) - n
	if at < 0 {
		return nil, fmt.Errorf("an operation has too few values")
	}
	values := append([]any(nil), u.stack[at:]...)
	for _, v := range values {
		if _, ok := v.(mark); ok {
			return nil, fmt.Errorf("an operation has too few values")
		}
	}
	u.stack = u.stack[:at]
	return values, nil
}

// popMark takes the values above the last mark, and the mark.
func (u *unpickler) popMark() ([]any, error) {
	for at := len(u.stack) - 1; at >= 0; at-- {
		if _, ok := u.stack[at].(mark); ok {
			values := append([]any(nil), u.stack[at+1:]...)
			u.stack = u.stack[:at]
			return values, nil
		}
	}
	return nil, fmt.Errorf("an operation has no beginning")
}

// extend appends to the list on the stack.
func (u *unpickler) extend(values []any, err error) error {
	if err != nil {
		return err
	}
	l, ok := u.top().(*list)
	if !ok {
		return fmt.Errorf("it appends to %s", kind(u.top()))
	}
	l.items = append(l.items, values...)
	return nil
}

// set puts keys and values, in turn, into the dictionary on the stack.
func (u *unpickler) set(pairs []any, err error) error {
	if err != nil {
		return err
	}
	d, ok := u.top().(*dict)
	if !ok || len(pairs)%2 != 0 {
		return fmt.Errorf("it puts %d keys and values into %s", len(pairs), kind(u.top()))
	}
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return fmt.Errorf("a key is %s, expected a string", kind(pairs[i]))
		}
		d.items[key] = pairs[i+1]
	}
	return nil
}

func (u *unpickler) top() any {
	if len(u.stack) == 0 {
		return nil
	}
	return u.stack[len(u.stack)-1]
}

// call makes what the three functions make that files call.
func call(f, arguments any) (any, error) {
	args, _ := arguments.(tuple)
	switch g, _ := f.(global); g {
	case reconstruct, reconstruct2: // (ndarray, (0,), 'b')
		if len(args) > 0 && args[0] == any(ndarray) {
			return &array{}, nil
		}
	case numpyDtype: // ('u1', 0, 1)
		if len(args) > 0 {
			if name, ok := args[0].(string); ok {
				return &dtype{name}, nil
			}
		}
	case encode: // (text, 'latin1')
		if len(args) == 2 && args[1] == any("latin1") {
			if text, ok := args[0].(string); ok {
				return latin1(text)
			}
		}
	}
	return nil, fmt.Errorf("it calls %s in a way that no file of CIFAR does", kind(f))
}

// latin1 is the bytes that a text stands for.
func latin1(text string) (string, error) {
	b := make([]byte, 0, utf8.RuneCountInString(text))
	for _, r := range text {
		if r > 0xff {
			return "", fmt.Errorf("a text for bytes holds %q", r)
		}
		b = append(b, byte(r))
	}
	return string(b), nil
}

// build completes an array with its state, (1, shape, dtype, fortran, bytes).
func build(v, state any) error {
	s, _ := state.(tuple)
	switch v := v.(type) {
	case *dtype: // (3, '|', None, None, None, -1, -1, 0), which says nothing new of bytes
		return nil
	case *array:
		if len(s) != 5 {
			break
		}
		shape, ok1 := s[1].(tuple)
		kind, ok2 := s[2].(*dtype)
		fortran, ok3 := s[3].(bool)
		bytes, ok4 := s[4].(string)
		if !ok1 || !ok2 || !ok3 || !ok4 {
			break
		}
		if kind.name != "u1" && kind.name != "|u1" {
			return fmt.Errorf("an array is of type %.20q, expected u1", kind.name)
		}
		made := array{fortran: fortran, bytes: bytes}
		total := 1
		for _, side := range shape {
			n, ok := side.(int)
			if !ok || n < 0 || n > math.MaxInt32 || total > math.MaxInt32 {
				return fmt.Errorf("an array has the shape %v", shape)
			}
			made.shape = append(made.shape, n)
			total *= n
		}
		if total != len(bytes) {
			return fmt.Errorf("an array of the shape %v has %d values", made.shape, len(bytes))
		}
		*v = made
		return nil
	}
	return fmt.Errorf("it completes %s with %s", kind(v), kind(state))
}

// kind is what errors call a value.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case bool, int:
		return fmt.Sprint(v)
	case string:
		return fmt.Sprintf("the string %.40q", v)
	case tuple:
		return "a tuple"
	case *list:
		return "a list"
	case *dict:
		return "a dictionary"
	case global:
		return string(v)
	case *array:
		return fmt.Sprintf("an array of %v bytes", v.shape)
	}
	return "something else"
}
