package catalog

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// server serves with handle and notes the Range of each request.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	ranges []string
}

func serve(t *testing.T, handle func(w http.ResponseWriter, r *http.Request)) *server {
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		s.mu.Unlock()
		handle(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// whole serves content, in parts if they are asked for.
func whole(content []byte) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "data.gz", time.Time{}, bytes.NewReader(content))
	}
}

// noRange always serves all of content.
func noRange(content []byte) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content)
	}
}

// breaking serves from offset to the end, but breaks off after n bytes.
func breaking(content []byte, n int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		offset := 0
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &offset); err == nil {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", offset, len(content)-1, len(content)))
			w.Header().Set("Content-Length", fmt.Sprint(len(content)-offset))
			w.WriteHeader(http.StatusPartialContent)
		}
		w.Write(content[offset:min(offset+n, len(content))])
		w.(http.Flusher).Flush()
		if offset+n < len(content) {
			panic(http.ErrAbortHandler)
		}
	}
}

// notSatisfiable refuses to send parts.
func notSatisfiable(content []byte) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		noRange(content)(w, r)
	}
}

// wrongPart sends another part than was asked for.
func wrongPart(content []byte) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 1-%d/%d", len(content)-1, len(content)))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(content[1:])
			return
		}
		noRange(content)(w, r)
	}
}

// chunked does not say how long its answer is.
func chunked(content []byte) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Write(content[:1000])
		w.(http.Flusher).Flush()
		w.Write(content[1000:])
	}
}

// encoded says that the file is an encoded answer, as some servers do.
func encoded(content []byte) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		noRange(content)(w, r)
	}
}
