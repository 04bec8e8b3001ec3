package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/openstall/openstall/internal/kit/errs"
)

// Problem is the body of every error answer: a problem document (RFC 9457) with
// the stable code and the id under which the operator finds the request.
type Problem struct {
	Type      string       `json:"type" doc:"A URI that names the kind of problem"`
	Title     string       `json:"title" doc:"The status in words"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail" doc:"What went wrong, for people, in the language that Accept-Language asks for: en or zh"`
	Code      string       `json:"code" doc:"Stable name of the problem, see api/problems.yaml"`
	RequestID string       `json:"request_id"`
	Errors    []errs.Field `json:"errors,omitempty" doc:"Parts of the input that are wrong"`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus makes a Problem an answer of huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is application/problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

var statuses = map[errs.Kind]int{
	errs.Internal:     http.StatusInternalServerError,
	errs.Invalid:      http.StatusUnprocessableEntity,
	errs.Unauthorised: http.StatusUnauthorized,
	errs.Forbidden:    http.StatusForbidden,
	errs.NotFound:     http.StatusNotFound,
	errs.Conflict:     http.StatusConflict,
	errs.TooMany:      http.StatusTooManyRequests,
	errs.TooLarge:     http.StatusRequestEntityTooLarge,
	errs.Unavailable:  http.StatusServiceUnavailable,
}

// Problems of the door itself.
var (
	ErrInternal     = errs.New(errs.Internal, "server.error", "Something went wrong on our side.", "我们这边出了问题。")
	ErrUnauthorised = errs.New(errs.Unauthorised, "auth.sign_in", "Sign in first.", "请先登录。")
	ErrForbidden    = errs.New(errs.Forbidden, "auth.forbidden", "You are not allowed to do this.", "你没有权限这样做。")
	ErrNotFound     = errs.New(errs.NotFound, "not_found", "There is nothing here.", "这里什么也没有。")
	ErrMethod       = errs.New(errs.Invalid, "http.method", "This address does not take that method.", "这个地址不接受该方法。")
	ErrTooMany      = errs.New(errs.TooMany, "limit.too_many", "Too many requests. Wait a moment.", "请求太多，请稍等。")
	ErrTooLarge     = errs.New(errs.TooLarge, "limit.too_large", "This is more than we take at once.", "一次太大了，我们收不下。")
	ErrMalformed    = errs.New(errs.Invalid, "input.malformed", "This request cannot be read.", "无法读取这个请求。")
	ErrOrigin       = errs.New(errs.Forbidden, "auth.origin", "This request comes from another site.", "这个请求来自别的网站。")
)

// ProblemOf returns what the client of a request may know of err.
func ProblemOf(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var e *errs.Error
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &e) && e.Kind != errs.Internal:
	case errors.As(err, &tooLarge):
		e = ErrTooLarge
	default:
		e = ErrInternal
	}
	status := statuses[e.Kind]
	return &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: e.In(LanguageOf(ctx)), Code: e.Code, RequestID: RequestID(ctx), Errors: e.Fields,
	}
}

// WriteProblem answers err outside huma and logs it when it is ours.
func WriteProblem(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	p := ProblemOf(r.Context(), err)
	if p.Status >= 500 && log != nil {
		log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "request", p.RequestID, "error", err)
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.Header().Set("Cache-Control", "no-store")
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// The library keeps its makers of errors for the whole process, so they are set
// once, whatever number of APIs there is.
func init() {
	huma.NewErrorWithContext = humaError
	huma.NewError = func(status int, msg string, list ...error) huma.StatusError {
		return humaError(nil, status, msg, list...)
	}
}

// humaError turns what huma found wrong, or what a handler returned, into a
// Problem.
func humaError(ctx huma.Context, status int, msg string, list ...error) huma.StatusError {
	c := context.Background()
	if ctx != nil {
		c = ctx.Context()
	}
	if status == http.StatusInternalServerError && len(list) == 1 {
		return ProblemOf(c, list[0])
	}
	e := ErrMalformed
	switch status {
	case http.StatusUnprocessableEntity:
		e = errs.ErrInvalid
	case http.StatusRequestEntityTooLarge:
		e = ErrTooLarge
	}
	p := ProblemOf(c, e)
	p.Status = status
	p.Title = http.StatusText(status)
	for _, err := range list {
		if d, ok := err.(huma.ErrorDetailer); ok {
			detail := d.ErrorDetail()
			p.Errors = append(p.Errors, errs.Field{Location: detail.Location, Message: detail.Message})
		}
	}
	return p
}
