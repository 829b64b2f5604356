;;; explog-server.el --- Start, stop and call the explog server  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What the rest of explog has of its server, a program in Python: to
;; call its methods, to define functions that it may call, to start and
;; to stop it.  Every call ends exactly once: with a result, an error, a
;; timeout, or the death of the server.  Nothing here waits, except
;; `explog-server-call-sync', which is for commands.
;;
;; A connection lives once, from before the server starts to its end:
;;
;;     waiting --> starting --> ready --> over
;;        `------------`------------------^
;;
;; Nothing waits on the way: the port comes to a process filter, the
;; connection opens in the background, and the first call is `hello'.
;; A server that dies after some seconds of life is followed by another
;; connection, which first is `waiting'.  One that dies before that is
;; not: it would most likely do so again.
;;
;; What goes over the connection is in explog-rpc.el.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-rpc)
(require 'jsonrpc)
(require 'seq)
(require 'subr-x)

(defcustom explog-server-command nil
  "The program that serves explog, with its arguments, a list of strings.
If nil, it is the first of these that exists: .venv/bin/explog in the
checkout that this file is in, explog on the variable `exec-path', and
the one that `explog-install-server' made.  The argument \"serve\"
is added."
  :type '(choice (const :tag "Find it" nil)
                 (repeat :tag "Program and arguments" string))
  :group 'explog)

(defcustom explog-server-directory (locate-user-emacs-file "explog/")
  "The folder that `explog-install-server' installs into."
  :type 'directory
  :group 'explog)

(defconst explog-source-folder
  (file-name-directory
   (file-truename
    (concat (file-name-sans-extension (or (macroexp-file-name) buffer-file-name))
            ".el")))
  "The folder with the source of this file, links resolved.")

(defun explog-server-source ()
  "Return the folder with the source of the server that came with this file.
Return nil if there is none."
  (seq-find (lambda (folder)
              (and (file-readable-p (expand-file-name "pyproject.toml" folder))
                   (file-directory-p (expand-file-name "server/explog" folder))))
            (list (expand-file-name "../" explog-source-folder)
                  explog-source-folder)))

(defconst explog-server-stderr "*explog stderr*"
  "The buffer with what the server writes to its standard error.")

;;;; The program

(defun explog-server-find-command ()
  "Return the command to start the server with, a list of strings.
Signal an error if there is no such program: what `make-process' does
then depends on the version of Emacs."
  (let ((command (or explog-server-command (list (explog-server--program))))
        (exec-path (default-value 'exec-path)))
    (unless (executable-find (car command))
      (error "There is no program %s (see `explog-server-command')"
             (car command)))
    (append command '("serve"))))

(defun explog-server--program ()
  "Return the first program that can serve, or signal an error."
  (or (cl-find-if
       (lambda (program) (and program (file-executable-p program)))
       (list (expand-file-name "../.venv/bin/explog" explog-source-folder)
             (let ((exec-path (default-value 'exec-path)))
               (executable-find "explog"))
             (explog-server-installed-program)))
      (error "There is no explog program (M-x explog-install-server makes one)")))

(defun explog-server-installed-program ()
  "Return the name of the program in `explog-server-directory'."
  (expand-file-name "server/bin/explog" explog-server-directory))

(defun explog-server--start-process (conn filter sentinel)
  "Start the server for CONN, hand it a token, and return (PROCESS . TOKEN).
FILTER and SENTINEL are those of the process."
  (let* ((token (explog-server--token))
         ;; The folder, and the environment of the buffer that happens
         ;; to be current, may be on another machine or out of the way.
         (default-directory "/")
         (process-environment (default-value 'process-environment))
         (process (explog-server--make-process filter sentinel)))
    (process-put process 'explog-rpc-connection conn)
    ;; If it is dead already, the sentinel will have more to say.
    (ignore-errors (process-send-string process (concat token "\n")))
    (cons process token)))

(defun explog-server--make-process (filter sentinel)
  "Make the process of the server with FILTER and SENTINEL."
  (let* ((command (explog-server-find-command))
         (exec-path (default-value 'exec-path))
         (process-adaptive-read-buffering nil)
         (pipe (explog-server--stderr-pipe)))
    (condition-case err
        (make-process :name "explog server" :command command
                      :connection-type 'pipe :coding 'utf-8-unix :noquery t
                      :stderr pipe :filter filter :sentinel sentinel)
      (error (delete-process pipe)
             (error "%s: %s" (car command) (error-message-string err))))))

(defun explog-server--token ()
  "Return 256 random bits as hexadecimal digits."
  (with-temp-buffer
    (set-buffer-multibyte nil)
    (condition-case nil
        (insert-file-contents-literally "/dev/urandom" nil nil 32)
      (file-error             ; Emacs 28 reads parts of regular files only
       (let ((coding-system-for-read 'binary) (default-directory "/"))
         (call-process "head" nil t nil "-c" "32" "/dev/urandom"))))
    (unless (= 32 (buffer-size))
      (error "No random numbers can be had from /dev/urandom"))
    (mapconcat (lambda (byte) (format "%02x" byte)) (buffer-string) "")))

(defun explog-server--end-process (process gracefully)
  "End PROCESS, the server, or nil, and have nobody hear of it.
If GRACEFULLY, close its standard input, and kill it only after two
seconds."
  (when process
    (set-process-filter process #'ignore)
    (set-process-sentinel process #'ignore)
    (if (not (and gracefully (process-live-p process)))
        (delete-process process)
      (ignore-errors (process-send-eof process))
      (run-at-time 2 nil #'delete-process process))))

;;;; Buffers

(defvar explog-server--stderr-start (make-marker)
  "A marker where the standard error of the last server begins.")

(defvar explog-server--stderr-process nil
  "The process that takes the standard error of the last server.
The one before may still have another, of the same name.")

(defun explog-server--stderr-pipe ()
  "Return a process for `make-process' to send standard error to."
  (with-current-buffer (get-buffer-create explog-server-stderr)
    (set-marker explog-server--stderr-start (point-max) (current-buffer)))
  (setq explog-server--stderr-process
        (make-pipe-process
         :name "explog stderr" :buffer (get-buffer-create explog-server-stderr)
         :coding 'utf-8-unix :noquery t :sentinel #'ignore
         :filter (lambda (_ text)
                   (explog-rpc-append explog-server-stderr text)))))

(defun explog-server--last-words ()
  "Return a colon and the last line of standard error, or nil.
Only what the last server wrote counts."
  (when (process-live-p explog-server--stderr-process)
    (cl-loop repeat 100
             while (accept-process-output explog-server--stderr-process 0 nil 0)))
  (with-current-buffer (get-buffer-create explog-server-stderr)
    (save-excursion
      (goto-char (point-max))
      (skip-chars-backward " \t\r\n")
      (when (> (point) (or (marker-position explog-server--stderr-start)
                           (point-min))) ; the buffer is a new one
        (concat ": " (truncate-string-to-width
                      (buffer-substring-no-properties
                       (line-beginning-position) (point))
                      200))))))

(defvar explog-server-ready-hook nil
  "Normal hook run when the server is ready for calls.")

(defvar explog-server-stopped-hook nil
  "Normal hook run when the server has stopped, for whatever reason.
It is also run when the server could not be started.")

(defconst explog-server--protocol 2
  "The version of methods and messages; wire.py has the same.")

(defvar explog-server--start-timeout 15
  "Seconds that the server may take to be ready.")

(defvar explog-server--young 3
  "Seconds of life below which a server that dies is not started again.")

(defvar explog-server--steady 60
  "Seconds of life after which a restart comes as soon as the first one.
Also the longest time to wait before a restart.")

(defvar explog-server-current nil
  "The connection that calls go to, or nil.")

(defvar explog-server--problem nil
  "Why the server is not started again, a string, or nil.")

;;;; To be ready

(defun explog-server--launch (conn)
  "Start the server of CONN."
  (explog-server--allow conn explog-server--start-timeout)
  (setf (explog-rpc-state conn) 'starting)
  (condition-case err
      (pcase-let ((`(,process . ,token)
                   (explog-server--start-process
                    conn #'explog-server--read-port #'explog-server--server-sentinel)))
        (setf (explog-rpc-server conn) process
              (explog-rpc-token conn) token))
    (error (explog-server--over
            conn (format "cannot be started: %s" (error-message-string err))))))

(defun explog-server--allow (conn seconds)
  "Allow CONN so many SECONDS to be ready."
  (explog-server--set-timer
   conn seconds
   (lambda (due)
     (if (> (float-time) (+ due 1))
         ;; Emacs was busy with something else.
         (explog-server--allow conn seconds)
       (explog-server--over
        conn (format "was not ready within %s seconds" seconds))))
   (+ (float-time) seconds)))

(defun explog-server--set-timer (conn seconds &rest function)
  "Have the timer of CONN call FUNCTION, with its arguments, after SECONDS.
If SECONDS is nil, have no timer."
  (when (explog-rpc-timer conn)
    (cancel-timer (explog-rpc-timer conn)))
  (setf (explog-rpc-timer conn)
        (and seconds (apply #'run-at-time seconds nil function))))

(defun explog-server--read-port (server text)
  "Read TEXT from SERVER until there is a line, its port, and connect to it."
  (let ((conn (process-get server 'explog-rpc-connection))
        (line (concat (process-get server 'explog-server-line) text)))
    (process-put server 'explog-server-line line)
    (when (string-match-p "\n" line)
      (set-process-filter server #'ignore)
      (if (string-match-p "\\`[0-9]+\r?\n" line)
          (explog-server--dial conn (vector 127 0 0 1 (string-to-number line)))
        (explog-server--over
         conn (format "printed %S where its port should be"
                      (truncate-string-to-width
                       (car (split-string line "[\r\n]")) 60))
         t)))))

(defun explog-server--dial (conn address)
  "Connect CONN to ADDRESS, five numbers in a vector, without waiting."
  (condition-case err
      (setf (explog-rpc-socket conn)
            (make-network-process
             :name "explog" :nowait t :coding 'binary :noquery t
             ;; No name is looked up.
             :family 'ipv4 :remote address :service (aref address 4)
             :filter #'explog-rpc-filter
             :sentinel #'explog-server--socket-sentinel
             :plist (list 'explog-rpc-connection conn
                          'explog-rpc-input (explog-rpc-make-input))))
    (error (explog-server--over
            conn (format "cannot be reached: %s" (error-message-string err))))))

(defun explog-server--hello (conn)
  "Say hello to the server of CONN.
That call has the id 0 and is none of jsonrpc.el's, which in Emacs 30
would keep the answer back while a synchronous call waits for us."
  (puthash 0 (lambda (key value)
               (if (eq key :result)
                   (explog-server--ready conn value)
                 (explog-server--over conn (explog-server--turned-away value) t)))
           (explog-rpc-calls conn))
  (explog-rpc-write
   conn (explog-rpc-frame
         "(call 0 hello "
         (explog-rpc-print
          (list (explog-rpc-token conn) explog-server--protocol
                (format "explog %s, Emacs %s"
                        explog-version
                        emacs-version)))
         ")")))

(defconst explog-server--remedy "; M-x explog-install-server makes one that fits"
  "What to do about a server of another version.")

(defun explog-server--turned-away (problem)
  "Return what the server did that answered hello with PROBLEM."
  (format "turned Emacs away: %s%s" (plist-get problem :message)
          (if (equal "protocol-mismatch" (plist-get problem :code))
              explog-server--remedy
            "")))

(defun explog-server--compare-versions (greeting)
  "Say so if the server with this GREETING is of another version than we are."
  (let ((version (plist-get greeting :server)))
    (cond ((not (equal version explog-version))
           (message "explog: the server is version %s, and this package version %s%s"
                    version explog-version explog-server--remedy))
          ;; Reading the source takes 20 ms.
          ((null explog-server-command)
           (run-with-idle-timer 5 nil #'explog-server--compare-builds)))))

(defun explog-server--compare-builds ()
  "Say so if the server is not built from the source of this package."
  (when (explog-server-other-build-p)
    (message "explog: the server is another build of version %s than this package%s"
             explog-version (explog-server-build-remedy))))

(defun explog-server-build-remedy ()
  "Return what to do about a server of another build, after a semicolon."
  (if (explog-server-runs-source-p)
      "; M-x explog-restart starts the new one"
    explog-server--remedy))

(defun explog-server-runs-source-p ()
  "Return non-nil if the program is in the folder of this package's source.
Then it runs that source, as it is when it starts."
  (when-let ((source (explog-server-source))
             (program (car (ignore-errors (explog-server-find-command)))))
    (file-in-directory-p program source)))

(defun explog-server-other-build-p ()
  "Return non-nil if the server is not built from the source of this package.
Return nil if there is no server, or no source."
  (when-let ((greeting (explog-server-greeting))
             (source (explog-server-source)))
    ;; A server that tells no build is older than that; one that does not
    ;; know its build tells \"\".
    (not (member (plist-get greeting :build)
                 (list "" (explog-server-build (expand-file-name "server/explog/" source)))))))

(defun explog-server-build (folder)
  "Return the same digest of the source in FOLDER as build.py."
  (let ((files (mapcar (lambda (file) (file-relative-name file folder))
                       (directory-files-recursively folder "\\`[^.].*\\.\\(py\\|sql\\)\\'"))))
    (with-temp-buffer
      (set-buffer-multibyte nil)
      (dolist (file (sort files #'string<))
        (let ((start (point-max)))
          (goto-char start)
          (insert-file-contents-literally (expand-file-name file folder))
          (goto-char start)
          (insert (encode-coding-string file 'utf-8) 0
                  (number-to-string (- (point-max) (point))) 0)))
      (substring (secure-hash 'sha1 (current-buffer)) 0 12))))

(defun explog-server--ready (conn greeting)
  "Send what has waited for CONN, now that there is the GREETING."
  (explog-server--set-timer conn nil)
  (setf (explog-rpc-state conn) 'ready
        (explog-rpc-since conn) (float-time)
        (explog-rpc-greeting conn) greeting)
  (let ((unsent (nreverse (explog-rpc-unsent conn))))
    (setf (explog-rpc-unsent conn) nil)
    (pcase-dolist (`(,id . ,frame) unsent)
      (when (gethash id (explog-rpc-calls conn)) ; else it has timed out
        (explog-rpc-write conn frame))))
  (explog-server--compare-versions greeting)
  (explog-server--run-hook 'explog-server-ready-hook))

(defun explog-server--run-hook (hook)
  "Run each function of HOOK, even if the one before fails."
  (run-hook-wrapped hook (lambda (function)
                           (with-demoted-errors "explog: %S" (funcall function))
                           nil)))

;;;; The end

(defun explog-server--server-sentinel (server change)
  "Note that SERVER has ended in the way that CHANGE describes."
  (unless (process-live-p server)
    (explog-server--over (process-get server 'explog-rpc-connection)
                         (format "stopped (%s)" (string-trim change)))))

(defun explog-server--socket-sentinel (socket change)
  "Say hello if CHANGE is that SOCKET opened, else note its end.
The server hangs up if hello does not come within seconds, because
Emacs is busy, say when it has just started; so try it once more."
  (let* ((conn (process-get socket 'explog-rpc-connection))
         (server (explog-rpc-server conn)))
    (cond ((string-prefix-p "open" change) (explog-server--hello conn))
          ((and (eq 'starting (explog-rpc-state conn))
                (process-live-p server)
                (not (process-get server 'explog-server-again)))
           (process-put server 'explog-server-again t)
           (explog-server--dial conn (process-contact socket :remote)))
          ((not (process-live-p socket))
           ;; If the server died, its sentinel comes next and knows how.
           (run-at-time 0.05 nil #'explog-server--over conn
                        (or (process-get socket 'explog-rpc-why)
                            "closed the connection"))))))

(defun explog-server--over (conn why &optional enough)
  "End CONN and whatever waits for it.
WHY, what the server did, is nil if the end is intended.  If it is not
ENOUGH of an explanation, the last words of the server follow."
  (unless (eq 'over (explog-rpc-state conn))
    (let* ((since (explog-rpc-since conn))
           (age (if since (- (float-time) since) 0))
           (again (and why since (>= age explog-server--young))))
      (explog-server--set-timer conn nil)
      (setf (explog-rpc-state conn) 'over
            explog-server-current nil)
      (explog-server--close conn (not why))
      (when why
        (setq why (concat "The explog server " why
                          (unless enough (explog-server--last-words))))
        (explog-rpc-log "%s" why))
      (maphash (lambda (id _)
                 (explog-rpc-fail-later
                  conn id (if (or since (not why)) "server-died" "not-started") why))
               (explog-rpc-calls conn))
      (cond (again (explog-server--revive conn age))
            (why (explog-server--give-up why)))
      (explog-server--run-hook 'explog-server-stopped-hook))))

(defun explog-server--close (conn gracefully)
  "Close the processes of CONN, and GRACEFULLY the server."
  (when-let ((socket (explog-rpc-socket conn)))
    (set-process-sentinel socket #'ignore)
    (delete-process socket))
  (explog-server--end-process (explog-rpc-server conn) gracefully))

(defun explog-server--revive (conn age)
  "Have a new connection follow CONN, which came to an AGE in seconds.
The first one comes after a second, each one after that in twice the
time of the one before."
  (let* ((deaths (if (>= age explog-server--steady)
                     1
                   (1+ (explog-rpc-deaths conn))))
         (new (explog-rpc-make-connection deaths))
         (delay (min explog-server--steady (expt 2 (1- deaths)))))
    (explog-server--set-timer new delay #'explog-server--launch new)
    (setq explog-server-current new)))

(defun explog-server--give-up (why)
  "Tell the user WHY there is no server, and what may help."
  (setq explog-server--problem why)
  (message "%s (see buffer %s; M-x explog-restart tries again, \
M-x explog-doctor looks into it)"
           why explog-server-stderr))

(defcustom explog-request-timeout 10
  "Seconds after which a request to the server fails, unless it says otherwise."
  :type 'number
  :group 'explog)

;;;; Calls

(cl-defun explog-server-call (method args &key success error timeout)
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
  (let* ((request (explog-server--request args))
         (conn (explog-server--connect))
         (fail (apply-partially #'explog-server--failed method error))
         (problem (explog-server--hindrance conn request)))
    (if problem
        (run-at-time 0 nil fail problem)
      (jsonrpc-async-request
       conn (explog-server--symbol method) request
       :timeout (or timeout explog-request-timeout)
       :success-fn (apply-partially #'explog-server--run success)
       :error-fn fail
       :timeout-fn (lambda ()
                     (explog-server--forget conn request)
                     (funcall fail (explog-server--timed-out method)))))
    nil))

(cl-defun explog-server-call-sync (method args &key timeout cancel-on-input)
  "Call METHOD of the server with the list ARGS, wait, and return the result.
This is for commands that cannot do without; see `explog-server-call'
for METHOD, ARGS and TIMEOUT.  An error is signaled as `explog-error'
with the data (CODE MESSAGE DATA).  If CANCEL-ON-INPUT is non-nil and
the user types meanwhile, return CANCEL-ON-INPUT."
  (let* ((request (explog-server--request args))
         (conn (explog-server--connect t))
         (problem (explog-server--hindrance conn request)))
    (when problem
      (explog-server--signal problem))
    (condition-case err
        (explog-server--wait conn method request timeout cancel-on-input)
      (jsonrpc-error
       (let ((data (cddr err)))
         (explog-server--signal
          (if (assq 'jsonrpc-error-code data)
              (list :code (alist-get 'jsonrpc-error-code data)
                    :message (alist-get 'jsonrpc-error-message data)
                    :data (alist-get 'jsonrpc-error-data data))
            (explog-server--timed-out method))))))))

(defun explog-server-ring (method &rest args)
  "Call METHOD of the server with ARGS if it is ready, and do not wait.
Its result is ignored; an error goes to the buffer `*explog events*'."
  (when (explog-server-ready-p)
    (explog-server-call method args)))

(defun explog-server-define (method function)
  "Let the server call FUNCTION in Emacs as METHOD, a string or symbol.
FUNCTION gets the arguments that the server gives; its value is the
reply, and an error that it signals is the reply as well.  It runs in a
temporary buffer, cannot ask the user anything nor be quit, and must be
quick."
  (puthash (format "%s" method) function explog-rpc-functions))

;;;; Starting and stopping

(defun explog-server-start ()
  "Start the server unless one is there or under way.
Return nil at once."
  (unless explog-server-current
    (setq explog-server--problem nil
          explog-server-current (explog-rpc-make-connection 0))
    (explog-server--launch explog-server-current))
  nil)

(defun explog-server-stop ()
  "Stop the server, if there is one.
Calls that have not ended fail."
  (when explog-server-current
    (explog-server--over explog-server-current nil)))

;;;###autoload
(defun explog-restart ()
  "Stop the explog server, and start it again."
  (interactive)
  (explog-server-stop)
  (explog-server-start))

(defun explog-server-ready-p ()
  "Return non-nil if the server is ready."
  (and explog-server-current
       (eq 'ready (explog-rpc-state explog-server-current))))

(defun explog-server-last-problem ()
  "Return why the server does not run and is not started again, or nil."
  explog-server--problem)

(defun explog-server-greeting ()
  "Return what the server said of itself when it became ready, or nil.
That is a plist (:server VERSION :build DIGEST :protocol N :pid PID
:python VERSION)."
  (and (explog-server-ready-p)
       (explog-rpc-greeting explog-server-current)))

;;;; Before and after a call

(defun explog-server--connect (&optional now)
  "Return the connection to use, or nil if there is none to be had.
Start a server if there is none, but not if the last one failed.  With
NOW, a restart that waits for its time does not wait longer."
  (unless (or explog-server-current explog-server--problem)
    (explog-server-start))
  (when (and now explog-server-current
             (eq 'waiting (explog-rpc-state explog-server-current)))
    (explog-server--launch explog-server-current))
  explog-server-current)

(defun explog-server--request (args)
  "Return a request with the list ARGS."
  (explog-rpc-make-request :text (explog-rpc-print args)))

(defun explog-server--symbol (method)
  "Return METHOD, a string or symbol, as a symbol."
  (if (stringp method) (intern method) method))

(defun explog-server--hindrance (conn request)
  "Return the error if REQUEST cannot be sent on CONN, else nil."
  (let ((size (length (explog-rpc-request-text request))))
    (cond ((not conn)
           (explog-rpc-failure "not-started" explog-server--problem))
          ((> size #xfff000)            ; leaves room for the method's name
           (explog-rpc-failure
            "request-too-large" (format "%d bytes are too many for a call" size))))))

(defun explog-server--wait (conn method request timeout cancel-on-input)
  "Send REQUEST, a call of METHOD, on CONN and return the result.
TIMEOUT and CANCEL-ON-INPUT are as in `explog-server-call-sync'."
  (let ((read-process-output-max        ; Emacs 28 reads 4 KB at a time
         (max read-process-output-max 65536))
        (gc-cons-threshold (max gc-cons-threshold explog-rpc-gc-threshold)))
    (unwind-protect
        (jsonrpc-request conn (explog-server--symbol method) request
                         :timeout (or timeout explog-request-timeout)
                         :cancel-on-input cancel-on-input
                         :cancel-on-input-retval cancel-on-input)
      (explog-server--forget conn request))))

(defun explog-server--forget (conn request)
  "Have an answer to REQUEST that comes on CONN from now on be ignored."
  (remhash (explog-rpc-request-id request) (explog-rpc-calls conn)))

(defun explog-server--run (function value)
  "Call FUNCTION, unless it is nil, with VALUE.
An error must not reach the process filter, where Emacs would pause."
  (when function
    (with-demoted-errors "explog: error after a call had ended: %S"
      (funcall function value))))

(defun explog-server--failed (method function problem)
  "Call FUNCTION with PROBLEM, or log that METHOD failed if it is nil."
  (if function
      (explog-server--run function problem)
    (explog-rpc-log "%s failed: %s (%s)" method
                        (plist-get problem :message) (plist-get problem :code))))

(defun explog-server--signal (problem)
  "Signal the plist PROBLEM as an `explog-error'."
  (signal 'explog-error (list (plist-get problem :code)
                              (plist-get problem :message)
                              (plist-get problem :data))))

(defun explog-server--timed-out (method)
  "Return the error of a call of METHOD that took too long."
  (explog-rpc-failure
   "timeout" (format "The explog server did not answer %s in time" method)))

(provide 'explog-server)
;;; explog-server.el ends here
