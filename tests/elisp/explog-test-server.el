;;; explog-test-server.el --- A server for the tests of the bridge  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Start, call and end the toy server, tests/rpc/toy_server.py.

;;; Code:

(require 'ert)
(require 'cl-lib)
(require 'explog-server)
(require 'explog-test-wait)

(defconst explog-server-tests-root
  (file-name-as-directory
   (expand-file-name "../.." (file-name-directory
                              (or load-file-name buffer-file-name))))
  "The folder of the checkout.")

(defvar explog-server-tests-messages nil
  "What was said in the echo area during a test, newest first.")

;;;; Help

(defun explog-server-tests-command (&rest mode)
  "Return the command of the toy server in MODE."
  (let ((venv (expand-file-name ".venv/bin/python" explog-server-tests-root)))
    `(,(if (file-executable-p venv) venv (executable-find "python3"))
      ,(expand-file-name "tests/rpc/toy_server.py" explog-server-tests-root)
      ,@mode)))

(defun explog-server-tests-until (predicate &optional what)
  "Let Emacs run until PREDICATE holds, and return its value.
If it never does, fail for want of WHAT."
  (explog-test-wait what predicate))

(defun explog-server-tests-launches ()
  "Return how many times the server is going to be started."
  (seq-count (lambda (timer) (eq (timer--function timer) #'explog-server--launch))
             timer-list))

(defun explog-server-tests-processes ()
  "Return the processes that the bridge has."
  (cl-remove-if-not (lambda (process)
                      (string-prefix-p "explog" (process-name process)))
                    (process-list)))

(defun explog-server-tests-end ()
  "Stop the server, and fail if a process of it is left."
  (let ((server (and explog-server-current
                     (explog-rpc-server explog-server-current))))
    (explog-server-stop)
    (explog-server-tests-until
     (lambda () (not (or (and server (process-live-p server))
                         (explog-server-tests-processes))))
     "the end of all processes")))

(defmacro explog-server-tests-with (mode &rest body)
  "With the toy server in MODE, a list of strings, run BODY, and clean up."
  (declare (indent 1) (debug t))
  `(let ((explog-server-command (apply #'explog-server-tests-command ,mode))
         (explog-version "toy")          ; as that server says
         (explog-request-timeout 30)
         (explog-rpc-functions (make-hash-table :test #'equal))
         (process-environment
          (cons (concat "PYTHONPATH="
                        (expand-file-name "server" explog-server-tests-root)
                        (and (getenv "PYTHONPATH")
                             (concat path-separator (getenv "PYTHONPATH"))))
                process-environment))
         explog-server-ready-hook explog-server-stopped-hook
         explog-server-tests-messages explog-server--problem)
     (dolist (name '("*explog stderr*" "*explog events*"))
       (when (get-buffer name) (kill-buffer name)))
     (cl-letf* ((message (symbol-function 'message))
                ((symbol-function 'message)
                 (lambda (format &rest args)
                   (when format
                     (push (apply #'format-message format args)
                           explog-server-tests-messages))
                   (apply message format args))))
       (unwind-protect (progn ,@body)
         (explog-server-tests-end)))))

(defun explog-server-tests-ready ()
  "Start the server and wait until it is ready."
  (explog-server-start)
  (explog-server-tests-until #'explog-server-ready-p "ready"))

(defun explog-server-tests-collect (method args &optional timeout)
  "Call METHOD with ARGS and TIMEOUT; return a function that returns the ends.
That is a list of (success VALUE) or (error CODE MESSAGE), newest first."
  (let (ends)
    (should-not
     (explog-server-call
      method args :timeout timeout
      :success (lambda (value) (push (list 'success value) ends))
      :error (lambda (problem)
               (push (list 'error (plist-get problem :code)
                           (plist-get problem :message))
                     ends))))
    (lambda () ends)))

(defun explog-server-tests-end-of (ends)
  "Wait until the call whose ENDS are told by a function ends; return how."
  (explog-server-tests-until ends "the end of a call")
  (accept-process-output nil 0.05)
  (should (= 1 (length (funcall ends))))
  (car (funcall ends)))

(defun explog-server-tests-error (method args &rest options)
  "Call METHOD with ARGS and OPTIONS, and return the data of its `explog-error'."
  (cdr (should-error (apply #'explog-server-call-sync method args options)
                     :type 'explog-error)))

(defun explog-server-tests-kill ()
  "Kill the server as if it had crashed."
  (signal-process (plist-get (explog-server-greeting) :pid) 'SIGKILL))

(defun explog-server-tests-same (a b)
  "Return non-nil if A and B are equal, all strings taken as multibyte."
  (cond ((and (stringp a) (stringp b))
         (equal (string-to-multibyte a) (string-to-multibyte b)))
        ((and (sequencep a) (sequencep b))
         (and (= (length a) (length b))
              (cl-every #'explog-server-tests-same a b)))
        (t (equal a b))))

(provide 'explog-test-server)
;;; explog-test-server.el ends here
