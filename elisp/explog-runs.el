;;; explog-runs.el --- Runs of trainings: start, list, follow, end  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-run' starts a training for a step, by the program `explog run',
;; in a compilation buffer.  The training then leaves its trace in a folder
;; of its own, whoever started it.
;;
;; `explog-runs' lists all of them: those that run and those that have
;; ended, on whatever machine, as long as their folder can be read here.
;; The list is renewed when a run begins or ends.

;;; Code:

(require 'autorevert)
(require 'cl-lib)
(require 'compile)
(require 'explog-base)
(require 'explog-cache)
(require 'explog-git)
(require 'explog-log)
(require 'explog-point)
(require 'explog-ref)
(require 'explog-rows)
(require 'explog-server)
(require 'seq)
(require 'subr-x)
(require 'tabulated-list)

(autoload 'explog-diff-show "explog-history")

(cl-defstruct (explog-runs-row (:type vector) (:constructor nil) (:copier nil))
  "A run, as the server sends it.
OUTCOME is STATE with the exit status or the signal.  START is in seconds
since 1970, and SECONDS is how long it ran, or nil if it runs.  WHAT is
its title or its command.  COMMIT, which may be nil, has the code that
ran in REPOSITORY."
  folder reference state outcome start seconds host pid what repository commit)

;;;; Start one

(defvar explog-run--history nil
  "The commands that were run.")

(defvar explog-run--folders nil
  "Alist of the ids of experiments and the folder of their last run.")

;;;###autoload
(defun explog-run (id step command folder)
  "Run COMMAND, a training for STEP of experiment ID, in FOLDER.
By default the step is the one at point, and FOLDER the repository that
point is in or that has the commits of the experiment.  With a prefix
argument, ask for all of them.

What it prints is shown in a compilation buffer, and kept together with
the command and the code that ran; `explog-runs' lists that."
  (interactive (explog-run--read))
  (setf (alist-get id explog-run--folders nil nil #'equal) folder)
  (let* ((reference (explog-ref-string id step))
         (default-directory (file-name-as-directory folder))
         (buffer (compilation-start (explog-run--line reference command) nil
                                    (lambda (_mode) (explog-run--buffer-name reference)))))
    (with-current-buffer buffer
      (explog-ref-mode 1))))

(defun explog-run--read ()
  "Ask what is to run; return the arguments of `explog-run'."
  (pcase-let* ((`(,id . ,step) (explog-point-reference "Run for: "))
               (default (car explog-run--history))
               (command (read-shell-command
                         (format-prompt "Run for %s" default (explog-ref-string id step))
                         nil 'explog-run--history default)))
    (when (string-blank-p command)
      (user-error "There is no command"))
    (list id step command (explog-run--folder id))))

(defun explog-run--folder (id)
  "Return the folder to start a run of experiment ID in; ask if it is not clear."
  (let* ((last (alist-get id explog-run--folders nil nil #'equal))
         (known (and last (file-directory-p last) last))
         (all (delete-dups (delq nil (cons known (explog-run--folders-of id)))))
         (clear (or known (and (null (cdr all)) (car all)))))
    (if (and clear (not current-prefix-arg))
        clear
      (expand-file-name
       (read-directory-name "Run in: " (or (car all) default-directory) nil t)))))

(defun explog-run--folders-of (id)
  "Return the existing folders that runs of experiment ID may be started in."
  (or (explog-run--root)
      (seq-filter #'file-directory-p
                  (delete-dups
                   (delq nil (mapcar #'explog-cache-step-repository
                                     (explog-cache-steps-of (explog-cache-get id))))))
      (seq-filter (lambda (folder) (and (explog-local-p folder) (file-directory-p folder)))
                  (mapcar (lambda (root) (expand-file-name (if (consp root) (car root) root)))
                          explog-repositories))))

(defun explog-run--root ()
  "Return the top of the worktree of this buffer in a list, unless it is a log."
  (unless (or (explog-log-buffer-p) (not (explog-local-p default-directory)))
    (when-let ((top (locate-dominating-file default-directory ".git")))
      (list (expand-file-name top)))))

(defun explog-run--line (reference command)
  "Return the line for a shell that runs COMMAND for REFERENCE."
  (format "%s run %s -- %s"
          (mapconcat #'shell-quote-argument (explog-server-find-program) " ")
          reference
          (if (string-match-p "[;&|<>()\n]\\|\\`[ \t]*[A-Za-z_][A-Za-z0-9_]*=" command)
              (concat "sh -c " (shell-quote-argument command)) ; a line, and not a command
            command)))

(defun explog-run--buffer-name (reference)
  "Return a name for the buffer of a new run of REFERENCE."
  (let ((name (format "*explog run %s*" reference)))
    (if (get-buffer-process name)
        (generate-new-buffer-name name)
      name)))

;;;; The list

(defvar-local explog-runs--query ""
  "The words that choose the runs in this buffer.")

(defvar-local explog-runs--rows nil
  "The runs in this buffer, the newest first.")

(defvar explog-runs--queries nil
  "The queries that were asked for.")

(defconst explog-runs--most 500
  "How many runs are listed; to draw them takes a sixth of a second.")

(defconst explog-runs--buffer "*explog runs*"
  "The name of the list of runs.")

;;;###autoload
(defun explog-runs (&optional query)
  "List the runs of trainings, the newest first, 500 at most.
With a prefix argument, ask for a QUERY: words like state:failed,
host:node7, branch:main, job:123, e201, or text in the command, the
title, the branch or the name; a minus before a word leaves out what it
is true of."
  (interactive (list (and current-prefix-arg (explog-runs--read-query))))
  (explog-need-mode)
  (let ((buffer (get-buffer-create explog-runs--buffer)))
    (with-current-buffer buffer
      (unless (derived-mode-p 'explog-runs-mode)
        (explog-runs-mode))
      (setq explog-runs--query (or query ""))
      (explog-runs--ask))
    (pop-to-buffer buffer)))

(defun explog-runs--read-query ()
  "Ask which runs are meant."
  (read-string "Runs (state:failed host:node7 e201 …): " nil 'explog-runs--queries))

(defvar explog-runs-mode-map
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map explog-rows-mode-map)
    (define-key map (kbd "RET") #'explog-runs-output)
    (define-key map "v" #'explog-runs-record)
    (define-key map "d" #'explog-runs-diff)
    (define-key map "k" #'explog-runs-end)
    (define-key map "/" #'explog-runs-choose)
    map)
  "Keys of the list of `explog-runs'.")

(define-derived-mode explog-runs-mode explog-rows-mode "Explog Runs"
  "Major mode of the list of `explog-runs'.
\\{explog-runs-mode-map}"
  (setq tabulated-list-format [("State" 14 t) ("Reference" 10 t)
                               ("Started" 16 explog-runs--before-p)
                               ("Took" 9 explog-runs--shorter-p :right-align t)
                               ("Host" 12 t) ("Command" 0 t)]
        revert-buffer-function #'explog-runs--ask)
  (tabulated-list-init-header)
  (add-hook 'explog-cache-changed-functions #'explog-runs--changed)
  (add-hook 'kill-buffer-hook #'explog-runs--stop nil t))

(defvar explog-runs--renewal nil
  "The timer that renews the list, or nil.")

(defvar explog-runs--clock nil
  "The timer that shows how long something runs by now, or nil.")

(defun explog-runs--stop ()
  "Renew the list no more."
  (dolist (timer '(explog-runs--renewal explog-runs--clock))
    (when (symbol-value timer)
      (cancel-timer (symbol-value timer))
      (set timer nil)))
  (remove-hook 'explog-cache-changed-functions #'explog-runs--changed))

(defun explog-runs--changed (ids)
  "Renew the list soon if IDS is t: then anything may have changed."
  (when (and (eq ids t) explog-mode)
    (explog-runs--later 'explog-runs--renewal 0.3 #'explog-runs--ask)))

(defun explog-runs--later (timer seconds function)
  "Call FUNCTION in the list in SECONDS, if it is on the screen then.
TIMER is the variable that has the timer; if it has one, that is enough."
  (unless (symbol-value timer)
    (set timer
         (run-with-timer
          seconds nil
          (lambda ()
            (set timer nil)
            (when-let ((buffer (get-buffer explog-runs--buffer)))
              (when (and explog-mode (get-buffer-window buffer t))
                (with-current-buffer buffer
                  (funcall function)))))))))

(defun explog-runs--ask (&rest _)
  "Ask the server for the list of this buffer, and draw it when it comes."
  (let ((buffer (current-buffer))
        (query explog-runs--query))
    (explog-server-call
     "runs" (list query explog-runs--most)
     :success (lambda (answer) (explog-runs--take buffer query answer))
     :error (lambda (err) (message "explog: %s" (plist-get err :message))))))

(defun explog-runs--take (buffer query answer)
  "Show ANSWER, (TOTAL ROWS), in BUFFER, if that still is the list of QUERY."
  (when (and (buffer-live-p buffer)
             (equal query (buffer-local-value 'explog-runs--query buffer)))
    (with-current-buffer buffer
      (pcase-let ((`(,total ,rows) answer))
        (setq explog-runs--rows (append rows nil)
              mode-line-process (explog-runs--what-of total))
        (explog-runs--draw)))))

(defun explog-runs--what-of (total)
  "Return what of TOTAL runs is shown, for the mode line, or nil if it is all."
  (let ((shown (length explog-runs--rows)))
    (when (< shown total)
      (format " the newest %d of %d" shown total))))

;;;; Drawing

(defconst explog-runs--faces
  '(("running" . bold) ("ok" . success) ("failed" . error) ("killed" . error)
    ("lost" . error) ("requeued" . warning))
  "Alist of states and their faces.")

(defun explog-runs--draw ()
  "Draw the list anew."
  (explog-rows-draw explog-runs--rows #'explog-runs-row-folder #'explog-runs--entry
                    #'explog-runs--put-point)
  (explog-runs--wind))

(defun explog-runs--wind ()
  "See that it is shown how long something runs, if anything does."
  (when (seq-some #'explog-runs--running-p explog-runs--rows)
    (explog-runs--later 'explog-runs--clock 5 #'explog-runs--tick)))

(defun explog-runs--tick ()
  "Show how long what runs has been running."
  (explog-rows-do-lines
   (lambda (row)
     (when (explog-runs--running-p row)
       (tabulated-list-set-col "Took" (explog-runs--took row) t))))
  (explog-runs--wind))

(defun explog-runs--entry (row)
  "Return the texts in the line of ROW, a vector."
  (vector
   (propertize (explog-runs-row-outcome row) 'face
               (alist-get (explog-runs-row-state row) explog-runs--faces
                          'default nil #'equal))
   (explog-runs-row-reference row)
   (format-time-string "%Y-%m-%d %H:%M" (explog-runs-row-start row))
   (explog-runs--took row)
   (explog-runs-row-host row)
   (explog-runs-row-what row)))

(defun explog-runs--running-p (row)
  "Return non-nil if the run of ROW has not ended."
  (equal "running" (explog-runs-row-state row)))

(defun explog-runs--seconds (row)
  "Return how long the run of ROW took or runs by now; nil if that is not known."
  (or (explog-runs-row-seconds row)
      (and (explog-runs--running-p row)
           (- (float-time) (explog-runs-row-start row)))))

(defun explog-runs--took (row)
  "Return `explog-runs--seconds' of ROW as text."
  (if-let ((seconds (explog-runs--seconds row)))
      (explog-duration seconds)
    ""))

(defun explog-runs--put-point (row)
  "Have commands on this line apply to the reference of ROW."
  (pcase (explog-ref-parse (explog-runs-row-reference row))
    (`(,id . ,step)
     (let ((inhibit-read-only t))
       (put-text-property (line-beginning-position) (line-end-position) 'explog-point
                          (list :kind 'reference :id id :step step))))))

(defun explog-runs--of (entry)
  "Return the run of ENTRY, one of `tabulated-list-entries'."
  (explog-rows-of (car entry)))

(defun explog-runs--before-p (one other)
  "Return non-nil if the run of the entry ONE began before that of OTHER."
  (< (explog-runs-row-start (explog-runs--of one))
     (explog-runs-row-start (explog-runs--of other))))

(defun explog-runs--shorter-p (one other)
  "Return non-nil if the run of the entry ONE took less time than that of OTHER."
  (< (or (explog-runs--seconds (explog-runs--of one)) 0)
     (or (explog-runs--seconds (explog-runs--of other)) 0)))

;;;; Rows

(defun explog-runs-choose (query)
  "Show the runs that QUERY chooses; see `explog-runs'."
  (interactive (list (explog-runs--read-query)))
  (explog-runs query))

;;;; What one does, and did

(defun explog-runs-output ()
  "Show what this run prints or printed, and follow it as it grows."
  (interactive)
  (explog-runs-visit-output
   (expand-file-name "output.log" (explog-runs-row-folder (explog-rows-here)))))

(defun explog-runs-visit-output (file)
  "Show FILE, the output of a run, and follow it as it grows."
  ;; To read a pipe, Emacs would wait for its writer.
  (unless (and (explog-local-p file) (file-regular-p file) (file-readable-p file))
    (user-error "%s cannot be read" (abbreviate-file-name file)))
  (pop-to-buffer (or (find-buffer-visiting file) (explog-runs--follow file))))

(defun explog-runs--follow (file)
  "Return a buffer with FILE, point at its end, that grows along with it."
  ;; A training may print anything, also what Emacs takes for settings.
  (let ((enable-local-variables nil)
        (enable-dir-local-variables nil)
        (enable-local-eval nil))
    (with-current-buffer (find-file-noselect file)
      (setq buffer-read-only t)
      (explog-show-reordering)
      (explog-ref-mode 1)
      (goto-char (point-max))
      ;; By default this is the size of the file, which may have grown since.
      (when-let ((place (bufferpos-to-filepos (point-max))))
        (setq-local auto-revert-tail-pos place))
      (auto-revert-tail-mode 1)
      (current-buffer))))

(defun explog-runs-record ()
  "Show all that is known of this run."
  (interactive)
  (explog-server-call
   "run-text" (list (explog-runs-row-folder (explog-rows-here)))
   :success #'explog-runs--show-record
   :error (lambda (err) (message "explog: %s" (plist-get err :message)))))

(defun explog-runs--show-record (text)
  "Show TEXT, the record of a run."
  (with-current-buffer (get-buffer-create "*explog run*")
    (special-mode)
    (let ((inhibit-read-only t))
      (erase-buffer)
      (insert (explog-visible text) "\n"))
    (goto-char (point-min))
    (display-buffer (current-buffer))))

(defun explog-runs-diff ()
  "Show what differs between the code and the commands of two runs.
They are the marked ones, or this one and the one below it."
  (interactive)
  (pcase-let* ((`(,new ,old) (explog-runs--two))
               (repository (explog-runs-row-repository new))
               (before (explog-runs--code old))
               (after (explog-runs--code new))
               (words (explog-runs--difference old new)))
    (unless (and repository (explog-local-p repository)
                 (explog-git repository "cat-file" "-e" before)
                 (explog-git repository "cat-file" "-e" after))
      (user-error "%s does not have the code of both"
                  (if repository (abbreviate-file-name repository) "No repository here")))
    (if (equal before after)
        (message "explog: both ran the same code%s" (if words (concat "; " words) ""))
      (when words
        (message "explog: %s" words))
      (explog-diff-show repository before after))))

(defun explog-runs--difference (old new)
  "Return how the commands of OLD and NEW differ, or nil if they do not."
  (let ((before (explog-runs-row-what old))
        (after (explog-runs-row-what new)))
    (unless (equal before after)
      (explog-visible (format "%s → %s" before after)))))

(defun explog-runs--code (row)
  "Return the commit that has the code of the run of ROW."
  (or (explog-runs-row-commit row)
      (user-error "The code of %s was not kept"
                  (file-name-nondirectory (explog-runs-row-folder row)))))

(defun explog-runs--two ()
  "Return the two runs to compare, the newer one first."
  (let ((rows (or (explog-rows-marked)
                  (list (explog-rows-here)
                        (save-excursion
                          (forward-line)
                          (explog-rows-here))))))
    (unless (length= rows 2)
      (user-error "Mark two runs"))
    (sort rows (lambda (one other)
                 (> (explog-runs-row-start one) (explog-runs-row-start other))))))

(defun explog-runs-end ()
  "End this run, after asking, by the signal TERM; it must run on this machine."
  (interactive)
  (let ((row (explog-rows-here)))
    (unless (explog-runs--running-p row)
      (user-error "It is not running"))
    (when (yes-or-no-p (format "End process %d, %s? " (explog-runs-row-pid row)
                               (truncate-string-to-width (explog-runs-row-what row) 60 nil nil t)))
      (explog-server-call
       "run-end" (list (explog-runs-row-folder row))
       :success (lambda (_) (message "explog: it was asked to end"))
       :error (lambda (err) (message "explog: %s" (plist-get err :message)))))))

;; With evil and meow as well.
(explog-keep-keys 'explog-runs-mode explog-runs-mode-map)

(provide 'explog-runs)
;;; explog-runs.el ends here
