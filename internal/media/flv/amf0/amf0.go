// Package amf0 reads and writes AMF 0 values (Adobe, "Action Message Format --
// AMF 0", 2007), the language of RTMP commands and FLV metadata.
package amf0

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrMalformed is wrapped by every reading error.
var ErrMalformed = errors.New("malformed AMF0")

// Limits for values from strangers.
const (
	maxDepth  = 16
	maxValues = 1 << 14
)

// Object is an anonymous object or an ECMA array. The order of keys is kept, and
// the last of equal keys wins in [Object.Get].
type Object []Field

// Field is one property.
type Field struct {
	Key   string
	Value any
}

// Get returns the value of key, or nil.
func (o Object) Get(key string) any {
	for i := len(o) - 1; i >= 0; i-- {
		if o[i].Key == key {
			return o[i].Value
		}
	}
	return nil
}

// Undefined is the undefined value; nil is null.
type Undefined struct{}

// Date is milliseconds since 1970.
type Date float64

// type markers (AMF 0, 2.1).
const (
	tNumber      = 0
	tBool        = 1
	tString      = 2
	tObject      = 3
	tNull        = 5
	tUndefined   = 6
	tECMAArray   = 8
	tObjectEnd   = 9
	tStrictArray = 10
	tDate        = 11
	tLongString  = 12
)

type reader struct {
	b    []byte
	left int
}

// Parse reads all values of b: float64, bool, string, [Object], nil,
// [Undefined], []any and [Date].
func Parse(b []byte) ([]any, error) {
	r := &reader{b: b, left: maxValues}
	var out []any
	for len(r.b) > 0 {
		v, err := r.value(0)
		if err != nil {
			return out, err
		}
		out = append(out, v)
	}
	return out, nil
}

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrMalformed, what) }

func (r *reader) take(n int) ([]byte, error) {
	if n > len(r.b) {
		return nil, malformed("value is cut")
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v, nil
}

func (r *reader) value(depth int) (any, error) {
	r.left--
	if depth > maxDepth || r.left < 0 {
		return nil, malformed("too deep or too many values")
	}
	m, err := r.take(1)
	if err != nil {
		return nil, err
	}
	switch m[0] {
	case tNumber:
		v, err := r.take(8)
		if err != nil {
			return nil, err
		}
		return math.Float64frombits(binary.BigEndian.Uint64(v)), nil
	case tBool:
		v, err := r.take(1)
		if err != nil {
			return nil, err
		}
		return v[0] != 0, nil
	case tString:
		return r.str(2)
	case tLongString:
		return r.str(4)
	case tObject:
		return r.object(depth)
	case tECMAArray:
		if _, err := r.take(4); err != nil { // a hint; encoders send 0
			return nil, err
		}
		return r.object(depth)
	case tStrictArray:
		return r.array(depth)
	case tDate:
		v, err := r.take(10)
		if err != nil {
			return nil, err
		}
		return Date(math.Float64frombits(binary.BigEndian.Uint64(v))), nil
	case tNull:
		return nil, nil
	case tUndefined:
		return Undefined{}, nil
	}
	return nil, malformed(fmt.Sprintf("type %d", m[0]))
}

func (r *reader) str(lengthSize int) (string, error) {
	l, err := r.take(lengthSize)
	if err != nil {
		return "", err
	}
	n := uint64(0)
	for _, c := range l {
		n = n<<8 | uint64(c)
	}
	if n > uint64(len(r.b)) {
		return "", malformed("string is cut")
	}
	v, err := r.take(int(n))
	return string(v), err
}

func (r *reader) object(depth int) (Object, error) {
	o := Object{}
	for {
		key, err := r.str(2)
		if err != nil {
			return nil, err
		}
		if key == "" && len(r.b) > 0 && r.b[0] == tObjectEnd {
			r.b = r.b[1:]
			return o, nil
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		o = append(o, Field{key, v})
	}
}

func (r *reader) array(depth int) ([]any, error) {
	l, err := r.take(4)
	if err != nil {
		return nil, err
	}
	a := []any{}
	for range binary.BigEndian.Uint32(l) {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	return a, nil
}

// Append appends values to b. It takes what [Parse] returns and int, and panics
// on other types, which only the program itself can pass.
func Append(b []byte, values ...any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			b = append(b, tNull)
		case Undefined:
			b = append(b, tUndefined)
		case bool:
			b = append(b, tBool, 0)
			if v {
				b[len(b)-1] = 1
			}
		case int:
			b = appendNumber(append(b, tNumber), float64(v))
		case float64:
			b = appendNumber(append(b, tNumber), v)
		case Date:
			b = append(appendNumber(append(b, tDate), float64(v)), 0, 0)
		case string:
			if len(v) > math.MaxUint16 {
				b = binary.BigEndian.AppendUint32(append(b, tLongString), uint32(len(v)))
				b = append(b, v...)
				break
			}
			b = appendKey(append(b, tString), v)
		case Object:
			b = append(b, tObject)
			for _, f := range v {
				b = Append(appendKey(b, f.Key), f.Value)
			}
			b = append(b, 0, 0, tObjectEnd)
		case []any:
			b = binary.BigEndian.AppendUint32(append(b, tStrictArray), uint32(len(v)))
			b = Append(b, v...)
		default:
			panic(fmt.Sprintf("amf0: cannot write %T", v))
		}
	}
	return b
}

func appendNumber(b []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(b, math.Float64bits(v))
}

func appendKey(b []byte, key string) []byte {
	key = key[:min(len(key), math.MaxUint16)]
	return append(binary.BigEndian.AppendUint16(b, uint16(len(key))), key...)
}
