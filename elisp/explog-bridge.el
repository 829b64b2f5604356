;;; explog-bridge.el --- Call the explog server, and be called  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What the rest of explog has of its server, a program in Python: to
;; call its methods, to define functions that it may call, to start and
;; to stop it.  Every call ends exactly once: with a result, an error, a
;; timeout, or the death of the server.  Nothing here waits, except
;; `explog-bridge-call-sync', which is for commands.
;;
;; Below this are, from the bottom: `explog-bridge-wire' (the bytes),
;; `explog-bridge-process' (the program), `explog-bridge-connection'
;; (what goes over it) and `explog-bridge-life' (its start and end).

;;; Code:

(require 'cl-lib)
(require 'jsonrpc)
(require 'explog-bridge-wire)
(require 'explog-bridge-process)
(require 'explog-bridge-connection)
(require 'explog-bridge-life)

(defcustom explog-request-timeout 10
  "Seconds after which a request to the server fails, unless it says otherwise."
  :type 'number
  :group 'explog)

;;;; Calls

(cl-defun explog-bridge-call (method args &key success error timeout)
  "Call METHOD, a string or symbol, of the server with the list ARGS.
Start the server if it is not running.  Return nil at once; then
either SUCCESS is called with the result, or ERROR with a
plist (:code STRING :message STRING :data DATA).  Besides the codes of
the server these are \"timeout\" (after TIMEOUT seconds, by default
`explog-request-timeout'), \"server-died\", \"not-started\" and
\"request-too-large\".  Errors without ERROR go to the buffer
`*explog events*'.

ARGS may hold strings, numbers, symbols, lists and vectors; text
properties are left out."
  (let* ((request (explog-bridge--request args))
         (conn (explog-bridge--connect))
         (fail (apply-partially #'explog-bridge--failed method error))
         (problem (explog-bridge--hindrance conn request)))
    (if problem
        (run-at-time 0 nil fail problem)
      (jsonrpc-async-request
       conn (explog-bridge--symbol method) request
       :timeout (or timeout explog-request-timeout)
       :success-fn (apply-partially #'explog-bridge--run success)
       :error-fn fail
       :timeout-fn (lambda ()
                     (explog-bridge--forget conn request)
                     (funcall fail (explog-bridge--timed-out method)))))
    nil))

(cl-defun explog-bridge-call-sync (method args &key timeout cancel-on-input)
  "Call METHOD of the server with the list ARGS, wait, and return the result.
This is for commands that cannot do without; see `explog-bridge-call'
for METHOD, ARGS and TIMEOUT.  An error is signaled as `explog-error'
with the data (CODE MESSAGE DATA).  If CANCEL-ON-INPUT is non-nil and
the user types meanwhile, return CANCEL-ON-INPUT."
  (let* ((request (explog-bridge--request args))
         (conn (explog-bridge--connect t))
         (problem (explog-bridge--hindrance conn request)))
    (when problem
      (explog-bridge--signal problem))
    (condition-case err
        (explog-bridge--wait conn method request timeout cancel-on-input)
      (jsonrpc-error
       (let ((data (cddr err)))
         (explog-bridge--signal
          (if (assq 'jsonrpc-error-code data)
              (list :code (alist-get 'jsonrpc-error-code data)
                    :message (alist-get 'jsonrpc-error-message data)
                    :data (alist-get 'jsonrpc-error-data data))
            (explog-bridge--timed-out method))))))))

(defun explog-bridge-ring (method &rest args)
  "Call METHOD of the server with ARGS if it is ready, and do not wait.
Its result is ignored; an error goes to the buffer `*explog events*'."
  (when (explog-bridge-ready-p)
    (explog-bridge-call method args)))

(defun explog-bridge-define (method function)
  "Let the server call FUNCTION in Emacs as METHOD, a string or symbol.
FUNCTION gets the arguments that the server gives; its value is the
reply, and an error that it signals is the reply as well.  It runs in a
temporary buffer, cannot ask the user anything nor be quit, and must be
quick."
  (puthash (format "%s" method) function explog-bridge--functions))

;;;; Starting and stopping

(defun explog-bridge-start ()
  "Start the server unless one is there or under way.
Return nil at once."
  (unless explog-bridge--current
    (setq explog-bridge--problem nil
          explog-bridge--current (explog-bridge--make-connection 0))
    (explog-bridge--launch explog-bridge--current))
  nil)

(defun explog-bridge-stop ()
  "Stop the server, if there is one.
Calls that have not ended fail."
  (when explog-bridge--current
    (explog-bridge--over explog-bridge--current nil)))

;;;###autoload
(defun explog-restart ()
  "Stop the explog server, and start it again."
  (interactive)
  (explog-bridge-stop)
  (explog-bridge-start))

(defun explog-bridge-ready-p ()
  "Return non-nil if the server is ready."
  (and explog-bridge--current
       (eq 'ready (explog-bridge--state explog-bridge--current))))

(defun explog-bridge-last-problem ()
  "Return why the server does not run and is not started again, or nil."
  explog-bridge--problem)

(defun explog-bridge-greeting ()
  "Return what the server said of itself when it became ready, or nil.
That is a plist (:server VERSION :protocol N :pid PID :python VERSION)."
  (and (explog-bridge-ready-p)
       (explog-bridge--greeting explog-bridge--current)))

;;;; Before and after a call

(defun explog-bridge--connect (&optional now)
  "Return the connection to use, or nil if there is none to be had.
Start a server if there is none, but not if the last one failed.  With
NOW, a restart that waits for its time does not wait longer."
  (unless (or explog-bridge--current explog-bridge--problem)
    (explog-bridge-start))
  (when (and now explog-bridge--current
             (eq 'waiting (explog-bridge--state explog-bridge--current)))
    (explog-bridge--launch explog-bridge--current))
  explog-bridge--current)

(defun explog-bridge--request (args)
  "Return a request with the list ARGS."
  (explog-bridge--make-request :text (explog-bridge--print args)))

(defun explog-bridge--symbol (method)
  "Return METHOD, a string or symbol, as a symbol."
  (if (stringp method) (intern method) method))

(defun explog-bridge--hindrance (conn request)
  "Return the error if REQUEST cannot be sent on CONN, else nil."
  (let ((size (length (explog-bridge--request-text request))))
    (cond ((not conn)
           (explog-bridge--failure "not-started" explog-bridge--problem))
          ((> size #xfff000)            ; leaves room for the method's name
           (explog-bridge--failure
            "request-too-large" (format "%d bytes are too many for a call" size))))))

(defun explog-bridge--wait (conn method request timeout cancel-on-input)
  "Send REQUEST, a call of METHOD, on CONN and return the result.
TIMEOUT and CANCEL-ON-INPUT are as in `explog-bridge-call-sync'."
  (let ((read-process-output-max        ; Emacs 28 reads 4 KB at a time
         (max read-process-output-max 65536))
        (gc-cons-threshold (max gc-cons-threshold explog-bridge--garbage)))
    (unwind-protect
        (jsonrpc-request conn (explog-bridge--symbol method) request
                         :timeout (or timeout explog-request-timeout)
                         :cancel-on-input cancel-on-input
                         :cancel-on-input-retval cancel-on-input)
      (explog-bridge--forget conn request))))

(defun explog-bridge--forget (conn request)
  "Have an answer to REQUEST that comes on CONN from now on be ignored."
  (remhash (explog-bridge--request-id request) (explog-bridge--calls conn)))

(defun explog-bridge--run (function value)
  "Call FUNCTION, unless it is nil, with VALUE.
An error must not reach the process filter, where Emacs would pause."
  (when function
    (with-demoted-errors "explog: error after a call had ended: %S"
      (funcall function value))))

(defun explog-bridge--failed (method function problem)
  "Call FUNCTION with PROBLEM, or log that METHOD failed if it is nil."
  (if function
      (explog-bridge--run function problem)
    (explog-bridge--log "%s failed: %s (%s)" method
                        (plist-get problem :message) (plist-get problem :code))))

(defun explog-bridge--signal (problem)
  "Signal the plist PROBLEM as an `explog-error'."
  (signal 'explog-error (list (plist-get problem :code)
                              (plist-get problem :message)
                              (plist-get problem :data))))

(defun explog-bridge--timed-out (method)
  "Return the error of a call of METHOD that took too long."
  (explog-bridge--failure
   "timeout" (format "The explog server did not answer %s in time" method)))

(provide 'explog-bridge)
;;; explog-bridge.el ends here
