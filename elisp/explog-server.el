;;; explog-server.el --- Start, stop and call the explog server  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The server is a program in Python.  This file starts and stops it, calls
;; its methods, and defines the functions that it may call.  Every call
;; ends exactly once: with a result, an error, a timeout, or the death of
;; the server.  Nothing here waits, except `explog-server-call-sync', which
;; is for commands.
;;
;; A connection exists once, from before the server starts until its end:
;;
;;     waiting --> starting --> ready --> over
;;        `------------`------------------^
;;
;; A process filter receives the port, the connection opens in the
;; background, and the first call is `hello'.  When a server dies after
;; some seconds, a new connection follows, which first is `waiting'.  When
;; a server dies sooner, none follows: the next one would most likely die
;; too.
;;
;; The connection itself is in explog-rpc.el.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-rpc)
(require 'jsonrpc)
(require 'seq)
(require 'subr-x)

(defcustom explog-server-command nil
  "The server program and its arguments, a list of strings.
If nil, use the first of these that exists: .venv/bin/explog in the
checkout that this file is in, explog on the variable `exec-path', and
the program that `explog-install-server' installed.  The argument
\"serve\" is added."
  :type '(choice (const :tag "Find it" nil)
                 (repeat :tag "Program and arguments" string))
  :group 'explog)

(defcustom explog-server-directory (locate-user-emacs-file "explog/")
  "The folder into which `explog-install-server' installs the server."
  :type 'directory
  :group 'explog)

(defconst explog-source-folder
  (file-name-directory
   (file-truename
    (concat (file-name-sans-extension (or (macroexp-file-name) buffer-file-name))
            ".el")))
  "The folder of this file's source, with symbolic links resolved.")

(defun explog-server-source ()
  "Return the folder with the source of the server that came with this file.
Return nil if there is none."
  (seq-find (lambda (folder)
              (and (file-readable-p (expand-file-name "pyproject.toml" folder))
                   (file-directory-p (expand-file-name "server/explog" folder))))
            (list (expand-file-name "../" explog-source-folder)
                  explog-source-folder)))

(defconst explog-server-stderr "*explog stderr*"
  "The name of the buffer with the server's standard error.")

;;;; The program

(defun explog-server-find-command ()
  "Return the command line for the server, a list of strings.
Signal an error if the program does not exist."
  (append (explog-server-find-program) '("serve")))

(defun explog-server-find-program ()
  "Return the program explog and its first arguments, a list of strings.
Signal an error if the program does not exist: what `make-process' does
then depends on the version of Emacs."
  (let ((command (or explog-server-command (list (explog-server--program))))
        (exec-path (default-value 'exec-path)))
    (unless (executable-find (car command))
      (error "There is no program %s (see `explog-server-command')"
             (car command)))
    command))

(defun explog-server--program ()
  "Return the first server program that exists, or signal an error."
  (or (cl-find-if
       (lambda (program) (and program (file-executable-p program)))
       (list (expand-file-name "../.venv/bin/explog" explog-source-folder)
             (let ((exec-path (default-value 'exec-path)))
               (executable-find "explog"))
             (explog-server-installed-program)))
      (error "The server is not installed (M-x explog-install-server does that)")))

(defun explog-server-installed-program ()
  "Return the file name of the program in `explog-server-directory'."
  (expand-file-name "server/bin/explog" explog-server-directory))

(defun explog-server--start-process (conn filter sentinel)
  "Start the server for CONN, send it a token, and return (PROCESS . TOKEN).
FILTER and SENTINEL are those of the process."
  (let* ((token (explog-server--token))
         ;; The current buffer may have a folder on another machine and an
         ;; environment of its own.
         (default-directory "/")
         (process-environment (default-value 'process-environment))
         (process (explog-server--make-process filter sentinel)))
    (process-put process 'explog-rpc-connection conn)
    ;; If the process is dead already, its sentinel says why.
    (ignore-errors (process-send-string process (concat token "\n")))
    (cons process token)))

(defun explog-server--make-process (filter sentinel)
  "Return a new server process with FILTER and SENTINEL."
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
      (error "/dev/urandom gives no random numbers"))
    (mapconcat (lambda (byte) (format "%02x" byte)) (buffer-string) "")))

(defun explog-server--end-process (process gracefully)
  "End PROCESS, the server or nil, without calling its sentinel.
If GRACEFULLY, close its standard input, and kill it after two seconds."
  (when process
    (set-process-filter process #'ignore)
    (set-process-sentinel process #'ignore)
    (if (not (and gracefully (process-live-p process)))
        (delete-process process)
      (ignore-errors (process-send-eof process))
      (run-at-time 2 nil #'delete-process process))))

;;;; Standard error

(defvar explog-server--stderr-start (make-marker)
  "A marker at the beginning of the last server's standard error.")

(defvar explog-server--stderr-process nil
  "The process that receives the standard error of the last server.
An earlier server may still have another one, with the same name.")

(defun explog-server--stderr-pipe ()
  "Return a pipe process that receives the server's standard error."
  (with-current-buffer (get-buffer-create explog-server-stderr)
    (set-marker explog-server--stderr-start (point-max) (current-buffer)))
  (setq explog-server--stderr-process
        (make-pipe-process
         :name "explog stderr" :buffer (get-buffer-create explog-server-stderr)
         :coding 'utf-8-unix :noquery t :sentinel #'ignore
         :filter (lambda (_ text)
                   (explog-rpc-append explog-server-stderr text)))))

(defun explog-server--last-words ()
  "Return a colon and the last line of the last server's standard error.
Return nil if it wrote nothing."
  (when (process-live-p explog-server--stderr-process)
    (cl-loop repeat 100
             while (accept-process-output explog-server--stderr-process 0 nil 0)))
  (with-current-buffer (get-buffer-create explog-server-stderr)
    (save-excursion
      (goto-char (point-max))
      (skip-chars-backward " \t\r\n")
      (when (> (point) (or (marker-position explog-server--stderr-start)
                           (point-min))) ; the user killed the buffer
        (concat ": " (truncate-string-to-width
                      (buffer-substring-no-properties
                       (line-beginning-position) (point))
                      200))))))

;;;; State

(defvar explog-server-ready-hook nil
  "Normal hook run when the server is ready for calls.")

(defvar explog-server-stopped-hook nil
  "Normal hook run when the server has stopped, whatever the reason.
It is also run when the server could not be started.")

(defconst explog-server--protocol 6
  "The version of the protocol; wire.py has the same number.")

(defvar explog-server--start-timeout 15
  "Seconds that the server may take to become ready.")

(defvar explog-server--young 3
  "A server that dies before this many seconds is not started again.")

(defvar explog-server--steady 60
  "After a life of this many seconds, restarts count from one again.
It is also the longest time to wait before a restart, in seconds.")

(defvar explog-server-current nil
  "The connection that calls use, or nil.")

(defvar explog-server--problem nil
  "The reason why the server is not started again, a string, or nil.")

;;;; Becoming ready

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
  "Give CONN SECONDS to become ready."
  (explog-server--set-timer
   conn seconds
   (lambda (due)
     (if (> (float-time) (+ due 1))
         ;; Emacs was busy, so the server had no chance to answer.
         (explog-server--allow conn seconds)
       (explog-server--over
        conn (format "was not ready within %s seconds" seconds))))
   (+ (float-time) seconds)))

(defun explog-server--set-timer (conn seconds &rest function)
  "Let the timer of CONN call FUNCTION, with its arguments, after SECONDS.
If SECONDS is nil, cancel the timer."
  (when (explog-rpc-timer conn)
    (cancel-timer (explog-rpc-timer conn)))
  (setf (explog-rpc-timer conn)
        (and seconds (apply #'run-at-time seconds nil function))))

(defun explog-server--read-port (server text)
  "Add TEXT to the output of SERVER; connect to the port once it is complete."
  (let ((conn (process-get server 'explog-rpc-connection))
        (line (concat (process-get server 'explog-server-line) text)))
    (process-put server 'explog-server-line line)
    (when (string-match-p "\n" line)
      (set-process-filter server #'ignore)
      (if (string-match-p "\\`[0-9]+\r?\n" line)
          (explog-server--dial conn (vector 127 0 0 1 (string-to-number line)))
        (explog-server--over
         conn (format "printed %S instead of its port"
                      (truncate-string-to-width
                       (car (split-string line "[\r\n]")) 60))
         t)))))

(defun explog-server--dial (conn address)
  "Connect CONN to ADDRESS, a vector of five numbers, without waiting."
  (condition-case err
      (setf (explog-rpc-socket conn)
            (make-network-process
             :name "explog" :nowait t :coding 'binary :noquery t
             ;; An address, so that no name has to be looked up.
             :family 'ipv4 :remote address :service (aref address 4)
             :filter #'explog-rpc-filter
             :sentinel #'explog-server--socket-sentinel
             :plist (list 'explog-rpc-connection conn
                          'explog-rpc-input (explog-rpc-make-input))))
    (error (explog-server--over
            conn (format "cannot be reached: %s" (error-message-string err))))))

(defun explog-server--hello (conn)
  "Make the first call, hello, on CONN.
It has the id 0, and jsonrpc.el does not know of it: in Emacs 30 that
would withhold the answer while a synchronous call waits."
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

(defconst explog-server--remedy "; M-x explog-install-server installs the right one"
  "What to do about a server of another version, after a semicolon.")

(defun explog-server--turned-away (problem)
  "Return what the server did, which answered hello with PROBLEM."
  (format "refused the connection: %s%s" (plist-get problem :message)
          (if (equal "protocol-mismatch" (plist-get problem :code))
              explog-server--remedy
            "")))

(defun explog-server--compare-versions (greeting)
  "Tell the user if the server with GREETING has another version than this."
  (let ((version (plist-get greeting :server)))
    (cond ((not (equal version explog-version))
           (message "explog: the server is version %s, and this package version %s%s"
                    version explog-version explog-server--remedy))
          ;; Reading the source takes 20 ms.
          ((null explog-server-command)
           (run-with-idle-timer 5 nil #'explog-server--compare-builds)))))

(defun explog-server--compare-builds ()
  "Tell the user if the server is not built from this package's source."
  (when (explog-server-other-build-p)
    (message "explog: the server is another build of version %s than this package%s"
             explog-version (explog-server-build-remedy))))

(defun explog-server-build-remedy ()
  "Return what to do about another build of the server, after a semicolon."
  (if (explog-server-runs-source-p)
      "; M-x explog-restart starts the new one"
    explog-server--remedy))

(defun explog-server-runs-source-p ()
  "Return non-nil if the server program is in the folder of its source.
Then it is always of the same build as this package."
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
  "Note that CONN is ready, with GREETING, and send what was kept for it."
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
  "Run each function of HOOK, even if another one fails."
  (run-hook-wrapped hook (lambda (function)
                           (with-demoted-errors "explog: %S" (funcall function))
                           nil)))

;;;; The end

(defun explog-server--server-sentinel (server change)
  "Note that the process SERVER has ended, as CHANGE describes."
  (unless (process-live-p server)
    (explog-server--over (process-get server 'explog-rpc-connection)
                         (format "stopped (%s)" (string-trim change)))))

(defun explog-server--socket-sentinel (socket change)
  "Say hello if CHANGE is that SOCKET opened, else note its end.
The server closes the connection if hello does not come within seconds,
as when Emacs is busy starting; then connect once more."
  (let* ((conn (process-get socket 'explog-rpc-connection))
         (server (explog-rpc-server conn)))
    (cond ((string-prefix-p "open" change) (explog-server--hello conn))
          ((and (eq 'starting (explog-rpc-state conn))
                (process-live-p server)
                (not (process-get server 'explog-server-again)))
           (process-put server 'explog-server-again t)
           (explog-server--dial conn (process-contact socket :remote)))
          ((not (process-live-p socket))
           ;; If the server died, its sentinel runs next and knows how.
           (run-at-time 0.05 nil #'explog-server--over conn
                        (or (process-get socket 'explog-rpc-why)
                            "closed the connection"))))))

(defun explog-server--over (conn why &optional enough)
  "End CONN and all its pending requests.
WHY says what the server did; it is nil if the end is intended.  Unless
ENOUGH is non-nil, the last line that the server wrote is added to WHY."
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
  "Close the processes of CONN; see `explog-server--end-process' for GRACEFULLY."
  (when-let ((socket (explog-rpc-socket conn)))
    (set-process-sentinel socket #'ignore)
    (delete-process socket))
  (explog-server--end-process (explog-rpc-server conn) gracefully))

(defun explog-server--revive (conn age)
  "Plan a new connection after CONN, which lasted AGE seconds.
The first new one starts after a second, and each further one after
twice as long as the one before."
  (let* ((deaths (if (>= age explog-server--steady)
                     1
                   (1+ (explog-rpc-deaths conn))))
         (new (explog-rpc-make-connection deaths))
         (delay (min explog-server--steady (expt 2 (1- deaths)))))
    (explog-server--set-timer new delay #'explog-server--launch new)
    (setq explog-server-current new)))

(defun explog-server--give-up (why)
  "Tell the user WHY the server does not run, and what may help."
  (setq explog-server--problem why)
  (message "%s (see buffer %s; M-x explog-restart tries again, \
M-x explog-doctor looks for the cause)"
           why explog-server-stderr))

(defcustom explog-request-timeout 10
  "Seconds that a request to the server may take by default."
  :type 'number
  :group 'explog)

;;;; Calls

(cl-defun explog-server-call (method args &key success error timeout)
  "Call METHOD, a string or symbol, of the server with the list ARGS.
Start the server if it is not running.  Return nil at once.  Later, call
either SUCCESS with the result, or ERROR with a plist (:code STRING
:message STRING :data DATA).  The code is one of the server's, or
\"timeout\" (after TIMEOUT seconds, by default `explog-request-timeout'),
\"server-died\", \"not-started\" or \"request-too-large\".  If ERROR is
nil, log errors in the buffer `*explog events*'.

ARGS may contain strings, numbers, symbols, lists and vectors.  Text
properties are not sent."
  (let* ((request (explog-server--request args))
         (conn (explog-server--connect))
         (fail (apply-partially #'explog-server--failed method error))
         (problem (explog-server--send-problem conn request)))
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
This is for commands that cannot do their work without the result; see
`explog-server-call' for METHOD, ARGS and TIMEOUT.  Signal errors as
`explog-error' with the data (CODE MESSAGE DATA).  If CANCEL-ON-INPUT is
non-nil and the user types meanwhile, return CANCEL-ON-INPUT."
  (let* ((request (explog-server--request args))
         (conn (explog-server--connect t))
         (problem (explog-server--send-problem conn request)))
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

(defun explog-server-try (method args)
  "Return what METHOD of the server answers to ARGS within a second, or nil.
This is for commands that can do without the answer."
  (and (explog-server-ready-p)
       (ignore-errors
         (explog-server-call-sync method args :timeout 1))))

(defun explog-server-ring (method &rest args)
  "Call METHOD of the server with ARGS if it is ready, and do not wait.
Ignore its result, and log an error in the buffer `*explog events*'."
  (when (explog-server-ready-p)
    (explog-server-call method args)))

(defun explog-server-define (method function)
  "Let the server call FUNCTION in Emacs as METHOD, a string or symbol.
FUNCTION receives the arguments of the call.  Its value, or the error
that it signals, is the reply.  It runs in a temporary buffer, cannot
prompt or be quit, and must be quick."
  (puthash (format "%s" method) function explog-rpc-functions))

;;;; Starting and stopping

(defun explog-server-start ()
  "Start the server unless it is up already; return nil at once."
  (unless explog-server-current
    (setq explog-server--problem nil
          explog-server-current (explog-rpc-make-connection 0))
    (explog-server--launch explog-server-current))
  nil)

(defun explog-server-stop ()
  "Stop the server if there is one.
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
  "Return the reason why the server is not started again, or nil."
  explog-server--problem)

(defun explog-server-greeting ()
  "Return what the server told of itself when it became ready, or nil.
It is a plist (:server VERSION :build DIGEST :protocol N :pid PID
:python VERSION)."
  (and (explog-server-ready-p)
       (explog-rpc-greeting explog-server-current)))

;;;; Before and after a call

(defun explog-server--connect (&optional now)
  "Return the connection to use, or nil if there is no server.
Start a server if there is none, but not if the last one failed.  With
NOW non-nil, do a planned restart at once."
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

(defun explog-server--send-problem (conn request)
  "Return the error if REQUEST cannot be sent on CONN, else nil."
  (let ((size (length (explog-rpc-request-text request))))
    (cond ((not conn)
           (explog-rpc-failure "not-started" explog-server--problem))
          ((> size #xfff000)            ; leaves room for the method's name
           (explog-rpc-failure
            "request-too-large"
            (format "The request has %d bytes, which is too many" size))))))

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
  "Ignore any answer to REQUEST that comes on CONN from now on."
  (remhash (explog-rpc-request-id request) (explog-rpc-calls conn)))

(defun explog-server--run (function value)
  "Call FUNCTION, unless it is nil, with VALUE.
Show errors as messages: in a process filter Emacs would pause for them."
  (when function
    (with-demoted-errors "explog: error after a call had ended: %S"
      (funcall function value))))

(defun explog-server--failed (method function problem)
  "Call FUNCTION with PROBLEM; if it is nil, log that METHOD failed."
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
