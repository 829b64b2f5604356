;;; explog-bridge-connection.el --- A jsonrpc connection that speaks EPC  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The class is one of jsonrpc.el, which keeps the timers and the
;; continuations of calls and does the waiting of synchronous ones.
;; What is here speaks EPC instead of JSON, keeps the calls that are
;; made before the server is ready, and answers the calls that the
;; server makes.
;;
;; jsonrpc.el has a class for processes too.  It reads and writes JSON,
;; and it says in the echo area when a server ends, even as intended.

;;; Code:

(require 'cl-lib)
(require 'jsonrpc)
(require 'map)
(require 'explog-bridge-wire)
(require 'explog-bridge-process)

(define-error 'explog-error "Explog error")

(defvar explog-bridge--functions (make-hash-table :test #'equal)
  "What the server may call: names of methods and functions.")

;;;; The class

(defclass explog-bridge-connection (jsonrpc-connection)
  ((state :initform 'waiting :accessor explog-bridge--state
          :documentation "`waiting', `starting', `ready' or `over'.")
   (deaths :initarg :deaths :initform 0 :reader explog-bridge--deaths
           :documentation "How many servers died in a row before this one.")
   (timer :initform nil :accessor explog-bridge--timer
          :documentation "Starts the server, or ends a start that takes too long.")
   (server :initform nil :accessor explog-bridge--server
           :documentation "The process of the server.")
   (token :initform nil :accessor explog-bridge--token-of
          :documentation "What the server expects in hello.")
   (socket :initform nil :accessor explog-bridge--socket
           :documentation "The network process.")
   (since :initform nil :accessor explog-bridge--since
          :documentation "When it became ready, a float.")
   (greeting :initform nil :accessor explog-bridge--greeting
             :documentation "The answer to hello.")
   (calls :initform (make-hash-table) :reader explog-bridge--calls
          :documentation "The ids of the calls that have not ended, each
with t, or with a function that is to be called at the end.")
   (unsent :initform nil :accessor explog-bridge--unsent
           :documentation "What waits for ready: (ID . FRAME), newest first.")
   (inbox :initform nil :accessor explog-bridge--inbox
          :documentation "Messages to act upon."))
  "A server, from before its start to its end.")

(cl-defstruct (explog-bridge--request
               (:constructor explog-bridge--make-request) (:copier nil))
  "A call of a method; what jsonrpc.el has for its parameters."
  (text nil :documentation "The arguments as they go over the wire, bytes.")
  (id nil :documentation "Its number, once it is sent or kept for later."))

(defun explog-bridge--make-connection (deaths)
  "Return a connection that waits, the one after DEATHS of servers in a row."
  (let ((args (list 'explog-bridge-connection :name "explog" :deaths deaths)))
    ;; No log of each message in full.  The option for that has another
    ;; name in jsonrpc.el of Emacs 30, and of GNU ELPA.
    (condition-case nil
        (apply #'make-instance
               (append args '(:events-buffer-config (:size 0 :format short))))
      (invalid-slot-name
       (apply #'make-instance
              (append args '(:events-buffer-scrollback-size 0)))))))

(cl-defmethod jsonrpc-running-p ((conn explog-bridge-connection))
  "Return non-nil unless CONN is over."
  (not (eq 'over (explog-bridge--state conn))))

(cl-defmethod jsonrpc-connection-send ((conn explog-bridge-connection)
                                       &key id method params &allow-other-keys)
  "Send on CONN the call of METHOD with PARAMS, an `explog-bridge--request'.
Keep it until CONN is ready, if need be.  ID is the number of the call."
  (setf (explog-bridge--request-id params) id)
  (puthash id t (explog-bridge--calls conn))
  (let ((state (explog-bridge--state conn))
        (frame (explog-bridge--frame
                (format "(call %d " id) (explog-bridge--print method) " "
                (explog-bridge--request-text params) ")")))
    (cond ((eq state 'ready) (explog-bridge--write conn frame))
          ((eq state 'over) (explog-bridge--fail-later conn id "server-died" nil))
          (t (push (cons id frame) (explog-bridge--unsent conn))))))

(defun explog-bridge--write (conn frame)
  "Write FRAME to the socket of CONN."
  (condition-case err
      (process-send-string (explog-bridge--socket conn) frame)
    (error (explog-bridge--break conn "took no call" err))))

(defun explog-bridge--break (conn what err)
  "Break CONN, whose server did WHAT; ERR is the error that came of it."
  (let ((socket (explog-bridge--socket conn)))
    (process-put socket 'explog-bridge-why
                 (format "%s (%s)" what (error-message-string err)))
    ;; A timer, as the sentinel fails all calls, and the one that breaks
    ;; here may not be among them yet.
    (run-at-time 0 nil #'delete-process socket)))

(defun explog-bridge--settle (conn id key value)
  "End the call ID on CONN with VALUE; KEY is `:result' or `:error'.
Do nothing if it has ended: in Emacs 28 jsonrpc.el breaks at an answer
that nobody waits for."
  (when-let ((waiting (gethash id (explog-bridge--calls conn))))
    (remhash id (explog-bridge--calls conn))
    (if (functionp waiting)
        (funcall waiting key value)
      (jsonrpc-connection-receive conn (list :id id key value)))))

(defun explog-bridge--fail-later (conn id code message)
  "Have the call ID on CONN end with the error CODE and MESSAGE.
That is done by a timer, as the end of a synchronous call throws."
  (run-at-time 0 nil #'explog-bridge--settle conn id :error
               (explog-bridge--failure
                code (or message "The explog server has stopped"))))

;;;; What comes in

(defun explog-bridge--filter (socket bytes)
  "Take BYTES that came from SOCKET, and act on them soon.
That is done by a timer: the answer to a synchronous call throws, and
Emacs loses track of its match data if that leaves a process filter."
  (let ((conn (process-get socket 'explog-bridge))
        (input (process-get socket 'explog-bridge-input)))
    (condition-case err
        (when-let ((messages (explog-bridge--take input bytes)))
          (setf (explog-bridge--inbox conn)
                (nconc (explog-bridge--inbox conn) messages))
          (run-at-time 0 nil #'explog-bridge--act conn))
      (error (explog-bridge--break conn "sent what is not EPC" err)))))

(defun explog-bridge--act (conn)
  "Act on the messages in the inbox of CONN."
  (unwind-protect
      (save-match-data
        (while (explog-bridge--inbox conn)
          (explog-bridge--dispatch
           conn (explog-bridge--read (pop (explog-bridge--inbox conn))))))
    (when (explog-bridge--inbox conn)
      (run-at-time 0 nil #'explog-bridge--act conn))))

(defun explog-bridge--dispatch (conn message)
  "Act on MESSAGE, which came on CONN."
  (pcase message
    (`(return ,id ,value)
     (explog-bridge--settle conn id :result value))
    (`(,(or 'return-error 'epc-error) ,id . ,rest)
     (explog-bridge--settle conn id :error (explog-bridge--error (car rest))))
    (`(call ,id ,method ,args)
     (explog-bridge--answer conn id method args))
    (`(methods ,id)
     (explog-bridge--reply
      conn id 'return
      (mapcar (lambda (name) (list (intern name) nil ""))
              (map-keys explog-bridge--functions))))
    (_ (explog-bridge--log "no message: %S" message))))

(defun explog-bridge--answer (conn id method args)
  "Answer call ID of METHOD with ARGS that came on CONN, whatever happens."
  (let ((reply `(return-error ,(explog-bridge--failure
                                "aborted" "Emacs left the function early"))))
    (unwind-protect
        (setq reply (explog-bridge--perform (format "%s" method) args))
      (apply #'explog-bridge--reply conn id reply))))

(defun explog-bridge--perform (method args)
  "Return the reply to a call of METHOD, a string, with ARGS: (KIND VALUE)."
  (condition-case err
      (let ((function (gethash method explog-bridge--functions))
            (inhibit-interaction t)
            (inhibit-quit t))
        (unless function
          (signal 'explog-error (list "unknown-method"
                                      (format "Emacs has no method %s" method))))
        (list 'return (with-temp-buffer (apply function args))))
    (explog-error
     (list 'return-error (cl-mapcan #'list '(:code :message :data) (cdr err))))
    ((error quit)
     (list 'return-error (explog-bridge--failure
                          "emacs-error" (error-message-string err))))))

(defun explog-bridge--reply (conn id kind value)
  "Send on CONN the answer to call ID: KIND is its first word, VALUE its last."
  (when (eq 'ready (explog-bridge--state conn))
    (let ((text (condition-case err (explog-bridge--print value)
                  (error
                   (setq kind 'return-error)
                   (explog-bridge--print
                    (explog-bridge--failure "unencodable"
                                               (error-message-string err)))))))
      (explog-bridge--write
       conn (explog-bridge--frame (format "(%s %d " kind id) text ")")))))

(provide 'explog-bridge-connection)
;;; explog-bridge-connection.el ends here
