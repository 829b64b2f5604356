;;; explog-bridge-life.el --- The explog server's start and end  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

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

;;; Code:

(require 'cl-lib)
(require 'subr-x)
(require 'explog-bridge-wire)
(require 'explog-bridge-process)
(require 'explog-bridge-connection)

(defvar explog-version)

(defvar explog-bridge-ready-hook nil
  "Normal hook run when the server is ready for calls.")

(defvar explog-bridge-stopped-hook nil
  "Normal hook run when the server has stopped, for whatever reason.
It is also run when the server could not be started.")

(defconst explog-bridge--protocol 1
  "The version of methods and messages; wire.py has the same.")

(defvar explog-bridge--start-timeout 15
  "Seconds that the server may take to be ready.")

(defvar explog-bridge--young 3
  "Seconds of life below which a server that dies is not started again.")

(defvar explog-bridge--steady 60
  "Seconds of life after which a restart comes as soon as the first one.
Also the longest time to wait before a restart.")

(defvar explog-bridge--current nil
  "The connection that calls go to, or nil.")

(defvar explog-bridge--problem nil
  "Why the server is not started again, a string, or nil.")

;;;; To be ready

(defun explog-bridge--launch (conn)
  "Start the server of CONN."
  (explog-bridge--allow conn explog-bridge--start-timeout)
  (setf (explog-bridge--state conn) 'starting)
  (condition-case err
      (pcase-let ((`(,process . ,token)
                   (explog-bridge--start-process
                    conn #'explog-bridge--read-port #'explog-bridge--server-sentinel)))
        (setf (explog-bridge--server conn) process
              (explog-bridge--token-of conn) token))
    (error (explog-bridge--over
            conn (format "cannot be started: %s" (error-message-string err))))))

(defun explog-bridge--allow (conn seconds)
  "Allow CONN so many SECONDS to be ready."
  (explog-bridge--set-timer
   conn seconds
   (lambda (due)
     (if (> (float-time) (+ due 1))
         ;; Emacs was busy with something else.
         (explog-bridge--allow conn seconds)
       (explog-bridge--over
        conn (format "was not ready within %s seconds" seconds))))
   (+ (float-time) seconds)))

(defun explog-bridge--set-timer (conn seconds &rest function)
  "Have the timer of CONN call FUNCTION, with its arguments, after SECONDS.
If SECONDS is nil, have no timer."
  (when (explog-bridge--timer conn)
    (cancel-timer (explog-bridge--timer conn)))
  (setf (explog-bridge--timer conn)
        (and seconds (apply #'run-at-time seconds nil function))))

(defun explog-bridge--read-port (server text)
  "Read TEXT from SERVER until there is a line, its port, and connect to it."
  (let ((conn (process-get server 'explog-bridge))
        (line (concat (process-get server 'explog-bridge-line) text)))
    (process-put server 'explog-bridge-line line)
    (when (string-match-p "\n" line)
      (set-process-filter server #'ignore)
      (if (string-match-p "\\`[0-9]+\r?\n" line)
          (explog-bridge--dial conn (vector 127 0 0 1 (string-to-number line)))
        (explog-bridge--over
         conn (format "printed %S where its port should be"
                      (truncate-string-to-width
                       (car (split-string line "[\r\n]")) 60))
         t)))))

(defun explog-bridge--dial (conn address)
  "Connect CONN to ADDRESS, five numbers in a vector, without waiting."
  (condition-case err
      (setf (explog-bridge--socket conn)
            (make-network-process
             :name "explog" :nowait t :coding 'binary :noquery t
             ;; No name is looked up.
             :family 'ipv4 :remote address :service (aref address 4)
             :filter #'explog-bridge--filter
             :sentinel #'explog-bridge--socket-sentinel
             :plist (list 'explog-bridge conn
                          'explog-bridge-input (explog-bridge--make-input))))
    (error (explog-bridge--over
            conn (format "cannot be reached: %s" (error-message-string err))))))

(defun explog-bridge--hello (conn)
  "Say hello to the server of CONN.
That call has the id 0 and is none of jsonrpc.el's, which in Emacs 30
would keep the answer back while a synchronous call waits for us."
  (puthash 0 (lambda (key value)
               (if (eq key :result)
                   (explog-bridge--ready conn value)
                 (explog-bridge--over conn (explog-bridge--turned-away value) t)))
           (explog-bridge--calls conn))
  (explog-bridge--write
   conn (explog-bridge--frame
         "(call 0 hello "
         (explog-bridge--print
          (list (explog-bridge--token-of conn) explog-bridge--protocol
                (format "explog %s, Emacs %s"
                        (if (boundp 'explog-version) explog-version "?")
                        emacs-version)))
         ")")))

(defconst explog-bridge--remedy "; M-x explog-install-server makes one that fits"
  "What to do about a server of another version.")

(defun explog-bridge--turned-away (problem)
  "Return what the server did that answered hello with PROBLEM."
  (format "turned Emacs away: %s%s" (plist-get problem :message)
          (if (equal "protocol-mismatch" (plist-get problem :code))
              explog-bridge--remedy
            "")))

(defun explog-bridge--compare-versions (greeting)
  "Say so if the server with this GREETING is of another version than we are."
  (let ((version (plist-get greeting :server)))
    (when (and (boundp 'explog-version) (not (equal version explog-version)))
      (message "explog: the server is version %s, and this package version %s%s"
               version explog-version explog-bridge--remedy))))

(defun explog-bridge--ready (conn greeting)
  "Send what has waited for CONN, now that there is the GREETING."
  (explog-bridge--set-timer conn nil)
  (setf (explog-bridge--state conn) 'ready
        (explog-bridge--since conn) (float-time)
        (explog-bridge--greeting conn) greeting)
  (let ((unsent (nreverse (explog-bridge--unsent conn))))
    (setf (explog-bridge--unsent conn) nil)
    (pcase-dolist (`(,id . ,frame) unsent)
      (when (gethash id (explog-bridge--calls conn)) ; else it has timed out
        (explog-bridge--write conn frame))))
  (explog-bridge--compare-versions greeting)
  (explog-bridge--run-hook 'explog-bridge-ready-hook))

(defun explog-bridge--run-hook (hook)
  "Run each function of HOOK, even if the one before fails."
  (run-hook-wrapped hook (lambda (function)
                           (with-demoted-errors "explog: %S" (funcall function))
                           nil)))

;;;; The end

(defun explog-bridge--server-sentinel (server change)
  "Note that SERVER has ended in the way that CHANGE describes."
  (unless (process-live-p server)
    (explog-bridge--over (process-get server 'explog-bridge)
                         (format "stopped (%s)" (string-trim change)))))

(defun explog-bridge--socket-sentinel (socket change)
  "Say hello if CHANGE is that SOCKET opened, else note its end.
The server hangs up if hello does not come within seconds, because
Emacs is busy, say when it has just started; so try it once more."
  (let* ((conn (process-get socket 'explog-bridge))
         (server (explog-bridge--server conn)))
    (cond ((string-prefix-p "open" change) (explog-bridge--hello conn))
          ((and (eq 'starting (explog-bridge--state conn))
                (process-live-p server)
                (not (process-get server 'explog-bridge-again)))
           (process-put server 'explog-bridge-again t)
           (explog-bridge--dial conn (process-contact socket :remote)))
          ((not (process-live-p socket))
           ;; If the server died, its sentinel comes next and knows how.
           (run-at-time 0.05 nil #'explog-bridge--over conn
                        (or (process-get socket 'explog-bridge-why)
                            "closed the connection"))))))

(defun explog-bridge--over (conn why &optional enough)
  "End CONN and whatever waits for it.
WHY, what the server did, is nil if the end is intended.  If it is not
ENOUGH of an explanation, the last words of the server follow."
  (unless (eq 'over (explog-bridge--state conn))
    (let* ((since (explog-bridge--since conn))
           (age (if since (- (float-time) since) 0))
           (again (and why since (>= age explog-bridge--young))))
      (explog-bridge--set-timer conn nil)
      (setf (explog-bridge--state conn) 'over
            explog-bridge--current nil)
      (explog-bridge--close conn (not why))
      (when why
        (setq why (concat "The explog server " why
                          (unless enough (explog-bridge--last-words))))
        (explog-bridge--log "%s" why))
      (maphash (lambda (id _)
                 (explog-bridge--fail-later
                  conn id (if (or since (not why)) "server-died" "not-started") why))
               (explog-bridge--calls conn))
      (cond (again (explog-bridge--revive conn age))
            (why (explog-bridge--give-up why)))
      (explog-bridge--run-hook 'explog-bridge-stopped-hook))))

(defun explog-bridge--close (conn gracefully)
  "Close the processes of CONN, and GRACEFULLY the server."
  (when-let ((socket (explog-bridge--socket conn)))
    (set-process-sentinel socket #'ignore)
    (delete-process socket))
  (explog-bridge--end-process (explog-bridge--server conn) gracefully))

(defun explog-bridge--revive (conn age)
  "Have a new connection follow CONN, which came to an AGE in seconds.
The first one comes after a second, each one after that in twice the
time of the one before."
  (let* ((deaths (if (>= age explog-bridge--steady)
                     1
                   (1+ (explog-bridge--deaths conn))))
         (new (explog-bridge--make-connection deaths))
         (delay (min explog-bridge--steady (expt 2 (1- deaths)))))
    (explog-bridge--set-timer new delay #'explog-bridge--launch new)
    (setq explog-bridge--current new)))

(defun explog-bridge--give-up (why)
  "Tell the user WHY there is no server, and what may help."
  (setq explog-bridge--problem why)
  (message "%s (see buffer %s; M-x explog-restart tries again, \
M-x explog-doctor looks into it)"
           why explog-bridge-stderr))

(provide 'explog-bridge-life)
;;; explog-bridge-life.el ends here
